// expect-error: \[ctp\.schedule\.default\]
#include <ctp/optim/schedule/require.hpp>

struct Halving {
#ifdef CTP_EXPECT_FAIL
  explicit Halving(double factor) : factor(factor) {}
  double factor;
#else
  double factor = 0.5;
#endif
  double rate(std::uint64_t, std::uint64_t, const ctp::optim::Rates& rates) const { return factor * rates.rate; }
};

static_assert(ctp::optim::require_schedule<Halving>());
