// expect-error: \[ctp\.objective\.visit\]
#include <ctp/objective/require.hpp>

#include "fakes.hpp"

struct Forgetful {
  static constexpr const char* name = "forgetful";
  static constexpr ctp::Needs needs{};
  template <class Model>
  struct State {
    int count = 0;
#ifndef CTP_EXPECT_FAIL
    template <class Archive>
    void visit(Archive& archive) {
      archive("count", count);
    }
#endif
  };
  template <class Model>
  State<Model> init(const Model&, std::uint64_t) const {
    return {};
  }
  template <class Step>
  ctp::Scalar<typename Step::Backend> loss(Step&, State<typename Step::Model>&) const {
    return {};
  }
};

static_assert(ctp::objective::require_loss<Forgetful, StepTypes>());
