#include <ctp/testing/synthetic_batch.hpp>

#include <algorithm>
#include <vector>

#include <doctest/doctest.h>

TEST_CASE("synthetic weights: noise around the start, and never outside of a parameter's limits") {
  ctp::Layout layout;
  const auto free = layout.add<1>("free", {200}, ctp::Start::constant(3));
  const auto limited = layout.add<1>("limited", {200}, {.start = ctp::Start::Zeros, .least = 0, .most = 0.05});
  const std::vector<double> theta = ctp::testing::synthetic_weights(layout, 1);
  const auto first = theta.begin() + free.offset, second = theta.begin() + limited.offset;
  const auto [least, most] = std::minmax_element(first, first + 200);
  CHECK(*least < 2.9);
  CHECK(*most > 3.1);
  const auto [lowest, highest] = std::minmax_element(second, second + 200);
  CHECK(*lowest == 0);
  CHECK(*highest == 0.05);
}
