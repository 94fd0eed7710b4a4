/// @file   ctp/rehearsal/choose_kmeans.hpp
/// @brief  k-means: the row nearest to the centre of each cluster.
/// @layer  rehearsal
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include <ctp/config.hpp>
#include <ctp/core/parallel.hpp>
#include <ctp/rehearsal/feature_matrix.hpp>

namespace ctp::rehearsal {

namespace detail {

inline double squared_distance(const double* a, const double* b, std::size_t width) {
  double sum = 0;
  CTP_SIMD_SUM(sum)
  for (std::size_t j = 0; j < width; ++j) sum += (a[j] - b[j]) * (a[j] - b[j]);
  return sum;
}

/// body(i) for every row, on several threads.
template <class Body>
void for_each_row(const FeatureMatrix& rows, const Body& body) {
  parallel_blocks(static_cast<std::ptrdiff_t>(rows.count()), 64, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
    for (std::ptrdiff_t i = begin; i < end; ++i) body(static_cast<std::size_t>(i));
  });
}

/// k distinct rows: first the row nearest to the mean, then always the row farthest from all rows chosen so far. The
/// lowest row wins ties.
inline std::vector<std::size_t> farthest_first(const FeatureMatrix& rows, std::size_t k) {
  const std::vector<double> mean = rows.mean();
  std::vector<double> nearest(rows.count());
  for_each_row(rows, [&](std::size_t i) { nearest[i] = squared_distance(rows[i], mean.data(), rows.width()); });
  std::vector<std::size_t> chosen{
      static_cast<std::size_t>(std::min_element(nearest.begin(), nearest.end()) - nearest.begin())};
  std::fill(nearest.begin(), nearest.end(), std::numeric_limits<double>::infinity());
  while (chosen.size() < k) {
    const double* const last = rows[chosen.back()];
    for_each_row(
        rows, [&](std::size_t i) { nearest[i] = std::min(nearest[i], squared_distance(rows[i], last, rows.width())); });
    chosen.push_back(static_cast<std::size_t>(std::max_element(nearest.begin(), nearest.end()) - nearest.begin()));
  }
  return chosen;
}

/// The nearest centre of each row; the lowest centre wins ties. **Shapes.** centres [k,width].
inline std::vector<std::size_t> assign_rows(const FeatureMatrix& rows, const std::vector<double>& centres) {
  const std::size_t width = rows.width(), k = centres.size() / width;
  std::vector<std::size_t> cluster(rows.count());
  for_each_row(rows, [&](std::size_t i) {
    double best = std::numeric_limits<double>::infinity();
    for (std::size_t c = 0; c < k; ++c) {
      const double d = squared_distance(rows[i], centres.data() + c * width, width);
      if (d < best) {
        best = d;
        cluster[i] = c;
      }
    }
  });
  return cluster;
}

/// Moves each centre to the mean of its rows. The centre of an empty cluster stays.
inline void move_centres(const FeatureMatrix& rows, const std::vector<std::size_t>& cluster,
                         std::vector<double>& centres) {
  const std::size_t width = rows.width(), k = centres.size() / width;
  std::vector<double> sum(centres.size());
  std::vector<std::size_t> size(k);
  for (std::size_t i = 0; i < rows.count(); ++i) {
    ++size[cluster[i]];
    for (std::size_t j = 0; j < width; ++j) sum[cluster[i] * width + j] += rows[i][j];
  }
  for (std::size_t c = 0; c < k; ++c)
    for (std::size_t j = 0; j < width && size[c] > 0; ++j)
      centres[c * width + j] = sum[c * width + j] / static_cast<double>(size[c]);
}

}  // namespace detail

/// @brief Deterministic k-means: min(k, n) distinct rows, one for each of k clusters, the largest cluster first.
///
/// Starts from farthest-first rows. Repeats Lloyd's iteration until no row changes its cluster, at most `iterations`
/// times. Then each cluster, by falling size, takes the nearest row that no cluster took before. The lowest row or
/// cluster wins ties.
/// **Source.** Lloyd 1982; Gonzalez 1985 for the start; `tests/oracle: kmeans_exemplars`.
inline std::vector<std::size_t> choose_kmeans(const FeatureMatrix& rows, std::size_t k, int iterations = 100) {
  k = std::min(k, rows.count());
  if (k == 0) return {};
  const std::size_t width = rows.width();
  std::vector<double> centres;
  for (const std::size_t row : detail::farthest_first(rows, k))
    centres.insert(centres.end(), rows[row], rows[row] + width);
  std::vector<std::size_t> cluster;
  for (int turn = 0; turn < iterations; ++turn) {
    std::vector<std::size_t> assigned = detail::assign_rows(rows, centres);
    if (assigned == cluster) break;
    cluster = std::move(assigned);
    detail::move_centres(rows, cluster, centres);
  }

  std::vector<std::size_t> size(k), order(k), chosen;
  for (const std::size_t c : cluster) ++size[c];
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return size[a] != size[b] ? size[a] > size[b] : a < b; });
  std::vector<char> taken(rows.count());
  std::vector<double> distance(rows.count());
  for (const std::size_t c : order) {
    detail::for_each_row(rows, [&](std::size_t i) {
      distance[i] = detail::squared_distance(rows[i], centres.data() + c * width, width);
    });
    std::size_t best = rows.count();
    for (std::size_t i = 0; i < rows.count(); ++i)
      if (taken[i] == 0 && (best == rows.count() || distance[i] < distance[best])) best = i;
    taken[best] = 1;
    chosen.push_back(best);
  }
  return chosen;
}

}  // namespace ctp::rehearsal
