// expect-error: \[ctp\.objective\.needs\].*reads features of the previous model.*add '\.previous =
// ctp::Output::Features'
#include <ctp/objective/require.hpp>

#include "fakes.hpp"

/// Reads a teacher that its needs do not name: formerly a segmentation fault.
struct Drift {
  static constexpr const char* name = "drift";
#ifdef CTP_EXPECT_FAIL
  static constexpr ctp::Needs needs{};
#else
  static constexpr ctp::Needs needs{.previous = ctp::Output::Features};
#endif
  template <class Step>
  auto loss(Step& step) const {
    step.previous->image_raw();
    return ctp::Scalar<typename Step::Backend>{};
  }
};

static_assert(ctp::objective::require_loss<Drift, StepTypes>());
