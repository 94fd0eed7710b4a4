/// @file   ctp/rehearsal/choose_kmeans.hpp
/// @brief  k-means: the row nearest to the centre of each cluster.
/// @layer  rehearsal
#pragma once

#include <algorithm>
#include <cstddef>
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

/// @brief The steps of choose_kmeans(), on the host.
class Clusters {
 public:
  /// The centres of the start: k farthest-first rows.
  Clusters(const FeatureMatrix& rows, std::size_t k)
      : rows_(rows), k_(k), taken_(rows.count()), distance_(rows.count()) {
    for (const std::size_t row : farthest_first(rows, k))
      centres_.insert(centres_.end(), rows[row], rows[row] + rows.width());
  }
  /// Assigns each row to the nearest centre. Whether a row changed its cluster.
  bool assign() {
    std::vector<std::size_t> assigned = assign_rows(rows_, centres_);
    if (assigned == cluster_) return false;
    cluster_ = std::move(assigned);
    return true;
  }
  void move() { move_centres(rows_, cluster_, centres_); }
  [[nodiscard]] std::vector<std::size_t> sizes() const {
    std::vector<std::size_t> size(k_);
    for (const std::size_t c : cluster_) ++size[c];
    return size;
  }
  /// The row nearest to a centre of those not taken before.
  std::size_t take_nearest(std::size_t c) {
    const double* const centre = centres_.data() + c * rows_.width();
    for_each_row(rows_, [&](std::size_t i) { distance_[i] = squared_distance(rows_[i], centre, rows_.width()); });
    std::size_t best = rows_.count();
    for (std::size_t i = 0; i < rows_.count(); ++i)
      if (taken_[i] == 0 && (best == rows_.count() || distance_[i] < distance_[best])) best = i;
    taken_[best] = 1;
    return best;
  }

 private:
  const FeatureMatrix& rows_;
  std::size_t k_;
  std::vector<double> centres_;  // [k,width]
  std::vector<std::size_t> cluster_;
  std::vector<char> taken_;
  std::vector<double> distance_;
};

/// choose_kmeans() with steps that may run elsewhere.
template <class Steps>
std::vector<std::size_t> cluster_rows(Steps steps, std::size_t k, int iterations) {
  for (int turn = 0; turn < iterations && steps.assign(); ++turn) steps.move();
  const std::vector<std::size_t> size = steps.sizes();
  std::vector<std::size_t> order(k), chosen;
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return size[a] != size[b] ? size[a] > size[b] : a < b; });
  for (const std::size_t c : order) chosen.push_back(steps.take_nearest(c));
  return chosen;
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
  return detail::cluster_rows(detail::Clusters(rows, k), k, iterations);
}

}  // namespace ctp::rehearsal
