// expect-error: \[ctp\.objective\.loss\].*returns another type.*not with double
#include <ctp/objective/require.hpp>

#include "fakes.hpp"

struct Plain {
  static constexpr const char* name = "plain";
  static constexpr ctp::Needs needs{};
#ifdef CTP_EXPECT_FAIL
  template <class Step>
  float loss(Step&) const {  // a plain number, not on the tape
    return 0;
  }
#else
  template <class Step>
  ctp::Scalar<typename Step::Backend> loss(Step&) const {
    return {};
  }
#endif
};

static_assert(ctp::objective::require_loss<Plain, StepTypes>());
