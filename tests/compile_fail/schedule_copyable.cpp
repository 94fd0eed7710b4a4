// expect-error: \[ctp\.schedule\.copyable\]
#include <memory>

#include <ctp/optim/schedule/require.hpp>

struct Halving {
#ifdef CTP_EXPECT_FAIL
  std::unique_ptr<double> last_rate;  // a schedule remembers nothing
#endif
  double rate(std::uint64_t, std::uint64_t, const ctp::optim::Rates& rates) const { return rates.rate / 2; }
};

static_assert(ctp::optim::require_schedule<Halving>());
