// expect-error: \[ctp\.penalty\.walk\]
#include <ctp/penalty/require.hpp>
#include <ctp/testing/fake_passes.hpp>

#include "fakes.hpp"

struct Walk : ctp::testing::FakePasses<FakeBackend> {
#ifdef CTP_EXPECT_FAIL
  double rate() const { return 1; }  // without the number of the batch
#endif
};

static_assert(ctp::penalty::require_task_walk<Walk>());
