// expect-error: \[ctp\.objective\.loss\].*a loss needs
#include <ctp/objective/require.hpp>

#include "fakes.hpp"

struct Stateful {
  static constexpr const char* name = "stateful";
  static constexpr ctp::Needs needs{};
  template <class Model>
  struct State {
    template <class Archive>
    void visit(Archive&) {}
  };
  template <class Model>
  State<Model> init(const Model&, std::uint64_t) const {
    return {};
  }
#ifdef CTP_EXPECT_FAIL
  template <class Step>
  ctp::Scalar<typename Step::Backend> loss(Step&) const {  // without the State
    return {};
  }
#else
  template <class Step>
  ctp::Scalar<typename Step::Backend> loss(Step&, State<typename Step::Model>&) const {
    return {};
  }
#endif
};

static_assert(ctp::objective::require_loss<Stateful, StepTypes>());
