// expect-error: \[ctp\.penalty\.active\]
#include <ctp/penalty/require.hpp>

#include "fakes.hpp"

struct Nothing {
#ifdef CTP_EXPECT_FAIL
  static constexpr int active = 0;  // not a bool
#else
  static constexpr bool active = false;
#endif
};

static_assert(ctp::penalty::require_penalty<Nothing, FakeModel>());
