// expect-error: \[ctp\.strategy\.momentum\]
#include <ctp/strategy/ctp.hpp>
#include <ctp/train/learner.hpp>

#include "fake_host.hpp"

struct Mine : ctp::strategy::Ctp {
#ifdef CTP_EXPECT_FAIL
  using Momentum = ctp::momentum::None;  // although losses need a momentum model
#endif
};

static_assert(ctp::Learner<Mine, ModelFor<Mine>>::needs.momentum != ctp::Output::Nothing);
