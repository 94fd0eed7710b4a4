// expect-error: \[ctp\.rehearsal\.joins\]
#include <ctp/rehearsal/require.hpp>

#include "fakes.hpp"

struct Some {
#ifndef CTP_EXPECT_FAIL
  static constexpr bool joins_all_tasks = false;
#endif
};

static_assert(ctp::rehearsal::require_rehearsal_policy<Some, FakeModel>());
