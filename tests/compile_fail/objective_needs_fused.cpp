// expect-error: \[ctp\.objective\.needs\].*reads the fused feature of the previous model.*add '\.previous =
// ctp::Output::Fused'
#include <ctp/objective/require.hpp>

#include "fakes.hpp"

/// Reads the fused feature of a teacher whose features it names.
struct Fused {
  static constexpr const char* name = "fused";
#ifdef CTP_EXPECT_FAIL
  static constexpr ctp::Needs needs{.previous = ctp::Output::Features};
#else
  static constexpr ctp::Needs needs{.previous = ctp::Output::Fused};
#endif
  template <class Step>
  auto loss(Step& step) const {
    step.previous->fused();
    return ctp::Scalar<typename Step::Backend>{};
  }
};

static_assert(ctp::objective::require_loss<Fused, StepTypes>());
