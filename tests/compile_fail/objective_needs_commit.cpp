// expect-error: \[ctp\.objective\.needs\].*reads features of the momentum model
#include <ctp/objective/require.hpp>

#include "fakes.hpp"

/// Its commit() reads a teacher.
struct Queue {
  static constexpr const char* name = "queue";
#ifdef CTP_EXPECT_FAIL
  static constexpr ctp::Needs needs{};
#else
  static constexpr ctp::Needs needs{.momentum = ctp::Output::Features};
#endif
  template <class Model>
  struct State {
    template <class Archive>
    void visit(Archive&) {}
  };
  template <class Model>
  State<Model> init(const Model&, std::uint64_t) const {
    return {};
  }
  template <class Step>
  ctp::Scalar<typename Step::Backend> loss(Step&, State<typename Step::Model>&) const {
    return {};
  }
  template <class Step>
  void commit(Step& step, State<typename Step::Model>&) const {
    step.momentum->image_raw();
  }
};

void commit(const ctp::All<Queue>& losses, StepTypes& step, ctp::All<Queue>::State<FakeModel>& state) {
  losses.commit(step, state);
}
