// expect-error: \[ctp\.momentum\.needs\]
#include <ctp/momentum/require.hpp>

#include "fakes.hpp"

struct Off {
  static constexpr bool active = false;
#ifndef CTP_EXPECT_FAIL
  static constexpr ctp::Needs needs{};
#endif
};

static_assert(ctp::momentum::require_momentum_policy<Off, FakeModel>());
