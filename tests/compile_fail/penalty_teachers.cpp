// expect-error: \[ctp\.penalty\.teachers\]
#include <ctp/penalty/online_step.hpp>

#include "fakes.hpp"

/// The loss of a penalty's pass over a task.
auto loss(ctp::penalty::OnlineStep<StepTypes>& step) {
#ifdef CTP_EXPECT_FAIL
  return step.previous->image_raw();
#else
  return step.online.image_raw();
#endif
}
