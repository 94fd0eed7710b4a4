/// @file   ctp/rehearsal/quota.hpp
/// @brief  Quotas: apportionment of a memory of fixed size among tasks.
/// @layer  rehearsal
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace ctp::rehearsal {

/// @brief Places for each task in proportion to its size, by largest remainders; the sum is min(budget, all pairs).
///
/// Each task first gets its floor; the places left go to the largest remainders, to the earlier task on ties. Sizes and
/// budget below 2^31.  **Units.** pairs.  **Source.** Hamilton's method; `tests/oracle: quota`.
inline std::vector<std::uint64_t> quota(std::span<const std::uint64_t> sizes, std::uint64_t budget) {
  const std::uint64_t all = std::accumulate(sizes.begin(), sizes.end(), std::uint64_t{0});
  budget = std::min(budget, all);
  std::vector<std::uint64_t> share(sizes.size());
  if (all == 0) return share;
  std::vector<std::size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::uint64_t given = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) given += share[i] = sizes[i] * budget / all;
  const auto remainder = [&](std::size_t i) { return sizes[i] * budget % all; };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return remainder(a) != remainder(b) ? remainder(a) > remainder(b) : a < b;
  });
  for (std::size_t i = 0; given < budget; ++i, ++given) ++share[order[i]];
  return share;
}

/// @brief Quotas as released: round(size / all * budget), half to even. The sum may differ from the budget.
///
/// **Units.** pairs.  **Source.** the code released with CTP, arXiv:2308.07146; `tests/oracle: quota_published`.
inline std::vector<std::uint64_t> quota_published(std::span<const std::uint64_t> sizes, std::uint64_t budget) {
  const auto all = static_cast<double>(std::accumulate(sizes.begin(), sizes.end(), std::uint64_t{0}));
  std::vector<std::uint64_t> share;
  for (const std::uint64_t size : sizes)
    share.push_back(
        static_cast<std::uint64_t>(std::nearbyint(static_cast<double>(size) / all * static_cast<double>(budget))));
  return share;
}

}  // namespace ctp::rehearsal
