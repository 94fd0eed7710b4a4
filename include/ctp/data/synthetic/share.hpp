/// @file   ctp/data/synthetic/share.hpp
/// @brief  Apportionment of pairs to industries.
/// @layer  data
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

namespace ctp::data::synthetic {

/// @brief Divides `total` among groups of published `sizes` by the largest-remainder method.
///
/// The result sums to `total`. The weight of a group is (1 - tail) * mean size + tail * its size. Ties of remainders go
/// to the earlier group.
inline std::vector<int> share_out(int total, const std::vector<int>& sizes, double tail) {
  const double sum = static_cast<double>(std::accumulate(sizes.begin(), sizes.end(), 0LL));
  const double groups = static_cast<double>(sizes.size());
  std::vector<int> share;
  std::vector<double> rest;
  for (const int size : sizes) {
    const double exact = total * ((1.0 - tail) / groups + tail * static_cast<double>(size) / sum);
    share.push_back(static_cast<int>(std::floor(exact)));
    rest.push_back(exact - std::floor(exact));
  }
  std::vector<std::size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return rest[a] != rest[b] ? rest[a] > rest[b] : a < b; });
  const int left = total - std::accumulate(share.begin(), share.end(), 0);
  for (int i = 0; i < left; ++i) ++share[order[static_cast<std::size_t>(i) % order.size()]];
  return share;
}

}  // namespace ctp::data::synthetic
