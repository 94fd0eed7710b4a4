/// @file   ctp/rehearsal/choose_herding.hpp
/// @brief  Herding: selection of rows with a mean close to the mean of all rows.
/// @layer  rehearsal
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <ctp/config.hpp>
#include <ctp/core/error.hpp>
#include <ctp/core/parallel.hpp>
#include <ctp/rehearsal/feature_matrix.hpp>

namespace ctp::rehearsal {

namespace detail {

/// The free row (taken[i] == 0) with the largest product with w; the lowest row wins ties.
inline std::size_t best_row(const FeatureMatrix& rows, const std::vector<double>& w, const std::vector<char>& taken,
                            std::vector<double>& products) {
  const auto n = static_cast<std::ptrdiff_t>(rows.count());
  parallel_blocks(n, 256, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
    const double* const direction = w.data();  // copies, so that g++ vectorises the sum
    const std::size_t width = rows.width();
    for (std::ptrdiff_t i = begin; i < end; ++i) {
      const double* const x = rows[static_cast<std::size_t>(i)];
      double sum = 0;
      CTP_SIMD_SUM(sum)
      for (std::size_t j = 0; j < width; ++j) sum += x[j] * direction[j];
      products[static_cast<std::size_t>(i)] = sum;
    }
  });
  std::size_t best = rows.count();
  for (std::size_t i = 0; i < rows.count(); ++i)
    if (taken[i] == 0 && (best == rows.count() || products[i] > products[best])) best = i;
  return best;
}

/// w += mean - row.
inline void step_away(const FeatureMatrix& rows, std::size_t row, const std::vector<double>& mean,
                      std::vector<double>& w) {
  for (std::size_t j = 0; j < w.size(); ++j) w[j] += mean[j] - rows[row][j];
}

}  // namespace detail

/// @brief Herding: min(k, n) distinct rows in the order of choice, so that cutting the list keeps the best rows.
///
/// Greedy: w starts as the mean; each turn takes the free row with the largest product with w (the lowest on ties),
/// then w += mean - row. **Source.** Rebuffi et al. 2017, iCaRL, arXiv:1611.07725, algorithm 4, in the form of Welling
/// 2009; `tests/oracle: herding`.
inline std::vector<std::size_t> choose_herding(const FeatureMatrix& rows, std::size_t k) {
  const std::vector<double> mean = rows.mean();
  std::vector<double> w = mean, products(rows.count());
  std::vector<char> taken(rows.count());
  std::vector<std::size_t> chosen;
  while (chosen.size() < std::min(k, rows.count())) {
    const std::size_t row = detail::best_row(rows, w, taken, products);
    taken[row] = 1;
    chosen.push_back(row);
    detail::step_away(rows, row, mean, w);
  }
  return chosen;
}

/// @brief Herding as released: a taken row may be taken again, which only changes w. Returns the rows in ascending
/// order, so that cutting the list keeps the first rows rather than the best.
///
/// **Errors.** NumericError if `bound` turns do not find enough rows: the released code would not end.
/// **Source.** the code released with CTP, arXiv:2308.07146; `tests/oracle: herding_published`.
inline std::vector<std::size_t> choose_herding_published(const FeatureMatrix& rows, std::size_t k,
                                                         std::size_t bound = 100000) {
  const std::vector<double> mean = rows.mean();
  std::vector<double> w = mean, products(rows.count());
  const std::vector<char> none(rows.count());
  std::vector<std::size_t> chosen;
  const std::size_t wanted = std::min(k, rows.count());
  for (std::size_t turn = 0; chosen.size() < wanted; ++turn) {
    if (turn == bound)
      throw NumericError("herding as published: expected " + std::to_string(wanted) + " exemplars, found " +
                         std::to_string(chosen.size()) + " after " + std::to_string(bound) +
                         " turns; set rehearsal.published=false");
    const std::size_t row = detail::best_row(rows, w, none, products);
    if (std::find(chosen.begin(), chosen.end(), row) == chosen.end()) chosen.push_back(row);
    detail::step_away(rows, row, mean, w);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace ctp::rehearsal
