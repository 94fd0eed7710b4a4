// expect-error: \[ctp\.schedule\.rate\]
#include <ctp/optim/schedule/require.hpp>

struct Halving {
#ifdef CTP_EXPECT_FAIL
  double rate(std::uint64_t, const ctp::optim::Rates& rates) const { return rates.rate / 2; }  // forgot the steps
#else
  double rate(std::uint64_t, std::uint64_t, const ctp::optim::Rates& rates) const { return rates.rate / 2; }
#endif
};

static_assert(ctp::optim::require_schedule<Halving>());
