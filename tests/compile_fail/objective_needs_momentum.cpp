// expect-error: \[ctp\.objective\.needs\].*reads features of the momentum model.*add '\.momentum =
// ctp::Output::Features'
#include <ctp/objective/require.hpp>

#include "fakes.hpp"

/// Reads the other teacher.
struct Wrong {
  static constexpr const char* name = "wrong";
#ifdef CTP_EXPECT_FAIL
  static constexpr ctp::Needs needs{.previous = ctp::Output::Features};
#else
  static constexpr ctp::Needs needs{.momentum = ctp::Output::Features};
#endif
  template <class Step>
  auto loss(Step& step) const {
    step.momentum->image_raw();
    return ctp::Scalar<typename Step::Backend>{};
  }
};

static_assert(ctp::objective::require_loss<Wrong, StepTypes>());
