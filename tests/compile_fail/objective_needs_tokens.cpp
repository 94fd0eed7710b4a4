// expect-error: \[ctp\.objective\.needs\].*reads tokens of the previous model.*\| ctp::Output::Tokens
#include <ctp/objective/require.hpp>

#include "fakes.hpp"

/// Reads another output of the teacher that its needs name.
struct Tokens {
  static constexpr const char* name = "tokens";
#ifdef CTP_EXPECT_FAIL
  static constexpr ctp::Needs needs{.previous = ctp::Output::Features};
#else
  static constexpr ctp::Needs needs{.previous = ctp::Output::Features | ctp::Output::Tokens};
#endif
  template <class Step>
  auto loss(Step& step) const {
    step.previous->image_raw();
    step.previous->image_tokens();
    return ctp::Scalar<typename Step::Backend>{};
  }
};

static_assert(ctp::objective::require_loss<Tokens, StepTypes>());
