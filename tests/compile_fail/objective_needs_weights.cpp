// expect-error: \[ctp\.objective\.needs\].*reads the previous model.*add '\.previous = ctp::Output::Weights'
#include <ctp/objective/require.hpp>

#include "fakes.hpp"

/// Asks whether a teacher exists that its needs do not name.
struct Asking {
  static constexpr const char* name = "asking";
#ifdef CTP_EXPECT_FAIL
  static constexpr ctp::Needs needs{.momentum = ctp::Output::Features};
#else
  static constexpr ctp::Needs needs{.previous = ctp::Output::Weights};
#endif
  template <class Step>
  auto loss(Step& step) const {
    if (step.previous) (void)step.previous->pass();
    return ctp::Scalar<typename Step::Backend>{};
  }
};

static_assert(ctp::objective::require_loss<Asking, StepTypes>());
