// expect-error: \[ctp\.momentum\.active\]
#include <ctp/momentum/require.hpp>

#include "fakes.hpp"

struct Off {
#ifndef CTP_EXPECT_FAIL
  static constexpr bool active = false;
#endif
  static constexpr ctp::Needs needs{};
};

static_assert(ctp::momentum::require_momentum_policy<Off, FakeModel>());
