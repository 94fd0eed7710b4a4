// expect-error: \[ctp\.objective\.features\].*image\(\)\.local
#include <ctp/autograd/arithmetic.hpp>
#include <ctp/autograd/rows.hpp>
#include <ctp/train/features.hpp>

#include "fake_host.hpp"

/// The mean length of features.
auto mean_length(const ctp::Pass<Host>& pass, const ctp::Features<Host>& image) {
#ifdef CTP_EXPECT_FAIL
  return mean(pass, row_lengths(pass, image));
#else
  return mean(pass, row_lengths(pass, image.local));
#endif
}
