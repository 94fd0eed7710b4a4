// expect-error: \[ctp\.momentum\.copyable\]
#include <memory>

#include <ctp/momentum/require.hpp>

#include "fakes.hpp"

struct Heavy {
  static constexpr bool active = false;
  static constexpr ctp::Needs needs{};
#ifdef CTP_EXPECT_FAIL
  std::unique_ptr<float[]> weights;  // the Learner holds the weights
#endif
};

static_assert(ctp::momentum::require_momentum_policy<Heavy, FakeModel>());
