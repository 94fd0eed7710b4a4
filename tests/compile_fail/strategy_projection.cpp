// expect-error: \[ctp\.strategy\.projection\]
#include <ctp/strategy/lucir.hpp>
#include <ctp/strategy/seqf.hpp>
#include <ctp/train/learner.hpp>

#include "fake_host.hpp"

#ifdef CTP_EXPECT_FAIL
using Model = ModelFor<ctp::strategy::SeqF>;  // a model with the linear projection of SeqF
#else
using Model = ModelFor<ctp::strategy::Lucir>;
#endif

static_assert(ctp::Learner<ctp::strategy::Lucir, Model>::keeps_previous);
