/// @file   ctp/rehearsal/choose_herding.hpp
/// @brief  Herding: selection of rows with a mean close to the mean of all rows.
/// @layer  rehearsal
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include <ctp/config.hpp>
#include <ctp/core/error.hpp>
#include <ctp/core/parallel.hpp>
#include <ctp/rehearsal/feature_matrix.hpp>

namespace ctp::rehearsal {

namespace detail {

/// @brief The greedy turns of herding, on the host. w starts as the mean of all rows.
class HerdingTurns {
 public:
  explicit HerdingTurns(const FeatureMatrix& rows)
      : rows_(rows), mean_(rows.mean()), w_(mean_), products_(rows.count()), taken_(rows.count()) {}

  [[nodiscard]] std::size_t count() const { return rows_.count(); }
  /// The row with the largest product with w that is not barred; the lowest row wins ties.
  std::size_t best() {
    parallel_blocks(static_cast<std::ptrdiff_t>(count()), 256, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
      const double* const direction = w_.data();  // copies, so that g++ vectorises the sum
      const std::size_t width = rows_.width();
      for (std::ptrdiff_t i = begin; i < end; ++i) {
        const double* const x = rows_[static_cast<std::size_t>(i)];
        double sum = 0;
        CTP_SIMD_SUM(sum)
        for (std::size_t j = 0; j < width; ++j) sum += x[j] * direction[j];
        products_[static_cast<std::size_t>(i)] = sum;
      }
    });
    std::size_t best = count();
    for (std::size_t i = 0; i < count(); ++i)
      if (taken_[i] == 0 && (best == count() || products_[i] > products_[best])) best = i;
    return best;
  }
  /// The row is not chosen again.
  void bar(std::size_t row) { taken_[row] = 1; }
  /// w += mean - row.
  void step_away(std::size_t row) {
    for (std::size_t j = 0; j < w_.size(); ++j) w_[j] += mean_[j] - rows_[row][j];
  }

 private:
  const FeatureMatrix& rows_;
  std::vector<double> mean_, w_, products_;
  std::vector<char> taken_;
};

/// choose_herding() with turns that may run elsewhere.
template <class Turns>
std::vector<std::size_t> herd(Turns turns, std::size_t k) {
  std::vector<std::size_t> chosen;
  while (chosen.size() < std::min(k, turns.count())) {
    const std::size_t row = turns.best();
    turns.bar(row);
    chosen.push_back(row);
    turns.step_away(row);
  }
  return chosen;
}

/// choose_herding_published() with turns that may run elsewhere.
template <class Turns>
std::vector<std::size_t> herd_published(Turns turns, std::size_t k, std::size_t bound) {
  std::vector<std::size_t> chosen;
  const std::size_t wanted = std::min(k, turns.count());
  for (std::size_t turn = 0; chosen.size() < wanted; ++turn) {
    if (turn == bound)
      throw NumericError("herding as published: expected " + std::to_string(wanted) + " exemplars, found " +
                         std::to_string(chosen.size()) + " after " + std::to_string(bound) +
                         " turns; set rehearsal.published=false");
    const std::size_t row = turns.best();
    if (std::find(chosen.begin(), chosen.end(), row) == chosen.end()) chosen.push_back(row);
    turns.step_away(row);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace detail

/// @brief Herding: min(k, n) distinct rows in the order of choice, so that cutting the list keeps the best rows.
///
/// Greedy: w starts as the mean; each turn takes the free row with the largest product with w (the lowest on ties),
/// then w += mean - row. **Source.** Rebuffi et al. 2017, iCaRL, arXiv:1611.07725, algorithm 4, in the form of Welling
/// 2009; `tests/oracle: herding`.
inline std::vector<std::size_t> choose_herding(const FeatureMatrix& rows, std::size_t k) {
  return detail::herd(detail::HerdingTurns(rows), k);
}

/// @brief Herding as released: a taken row may be taken again, which only changes w. Returns the rows in ascending
/// order, so that cutting the list keeps the first rows rather than the best.
///
/// **Errors.** NumericError if `bound` turns do not find enough rows: the released code would not end.
/// **Source.** the code released with CTP, arXiv:2308.07146; `tests/oracle: herding_published`.
inline std::vector<std::size_t> choose_herding_published(const FeatureMatrix& rows, std::size_t k,
                                                         std::size_t bound = 100000) {
  return detail::herd_published(detail::HerdingTurns(rows), k, bound);
}

}  // namespace ctp::rehearsal
