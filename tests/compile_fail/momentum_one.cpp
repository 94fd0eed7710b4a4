// expect-error: \[ctp\.momentum\.one\]
#include <ctp/momentum/compatible.hpp>
#include <ctp/momentum/ema.hpp>
#include <ctp/momentum/require.hpp>
#include <ctp/objective/all.hpp>

#include "fakes.hpp"

#ifdef CTP_EXPECT_FAIL
using Momentum = ctp::All<ctp::momentum::Ema, ctp::momentum::Compatible>;  // losses can be added, momentum rules cannot
#else
using Momentum = ctp::momentum::Compatible;
#endif

static_assert(ctp::momentum::require_momentum_policy<Momentum, FakeModel>());
