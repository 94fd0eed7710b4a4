#include <ctp/data/synthetic/share.hpp>

#include <vector>

#include <doctest/doctest.h>

using ctp::data::synthetic::share_out;

TEST_CASE("share: weights lie between the mean size and the own size; remainders go to the largest") {
  // By hand, half way between mean and published size: 100 * (0.25 + 0.5 * size / 60) for sizes 10 and 50.
  CHECK(share_out(100, {10, 50}, 0.5) == std::vector<int>{33, 67});
  CHECK(share_out(100, {10, 50}, 0.0) == std::vector<int>{50, 50});
  CHECK(share_out(60, {10, 50}, 1.0) == std::vector<int>{10, 50});
  CHECK(share_out(10, {1, 1, 1}, 1.0) == std::vector<int>{4, 3, 3});  // the earlier group on ties
}
