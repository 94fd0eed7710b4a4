// expect-error: \[ctp\.objective\.features\].*image\(\)\.local
#include <ctp/autograd/arithmetic.hpp>
#include <ctp/autograd/rows.hpp>
#include <ctp/train/features.hpp>

#include "fake_host.hpp"

/// A loss of the features of two models.
template <class Pass, class Outputs>
auto drift(const Pass& pass, Outputs& online, Outputs& previous) {
#ifdef CTP_EXPECT_FAIL
  const auto difference = add(pass, online.image(), previous.image(), -1);
#else
  const auto difference = add(pass, online.image().local, previous.image().local, -1);
#endif
  return mean(pass, row_lengths(pass, difference));
}

struct Outputs {
  ctp::Features<Host> image() const;
};
auto drift_of(const ctp::Pass<Host>& pass, Outputs& online, Outputs& previous) { return drift(pass, online, previous); }
