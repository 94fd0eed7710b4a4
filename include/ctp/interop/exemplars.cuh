/// @file   ctp/interop/exemplars.cuh
/// @brief  Herding and k-means by Thrust: on a GPU, or on the host with Thrust's host system.
/// @layer  interop
///
/// The turns are those of rehearsal/choose_herding.hpp and choose_kmeans.hpp, in double. Sums of a row are one chain of
/// fused multiply-adds, the same bits in each system of Thrust; the host adds up in another order. Where that would
/// decide by rule, between the two rows of a cluster, which are equally far from their mean, the host's sum decides. So
/// the picks are the host's, unless two products with w, a row's distances from two centres, or the distances of two
/// rows agree to about 15 digits without being equal: for instance those of the only two rows from their mean.
#pragma once

#include <thrust/binary_search.h>
#include <thrust/copy.h>
#include <thrust/equal.h>
#include <thrust/fill.h>
#include <thrust/for_each.h>
#include <thrust/functional.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/reduce.h>
#include <thrust/sequence.h>
#include <thrust/sort.h>
#include <thrust/transform.h>
#include <thrust/transform_reduce.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <ctp/config.hpp>
#include <ctp/core/error.hpp>
#include <ctp/interop/thrust.cuh>
#include <ctp/rehearsal/feature_matrix.hpp>
#include <ctp/rehearsal/herding.hpp>
#include <ctp/rehearsal/kmeans.hpp>
#include <ctp/tensor/buffer.hpp>

namespace ctp::interop {

namespace detail {

/// @brief Rows by column, so that neighbouring threads read neighbouring numbers. **Shapes.** values [width,count].
struct Columns {
  const double* values;
  Index count, width;

  CTP_HD double at(Index row, Index column) const { return values[column * count + row]; }
  /// The product of a row with w [width].
  CTP_HD double product(Index row, const double* w) const {
    double sum = 0;
    for (Index j = 0; j < width; ++j) sum = std::fma(at(row, j), w[j], sum);
    return sum;
  }
  /// The squared distance of a row from x, whose neighbouring numbers are `stride` apart.
  CTP_HD double squared_distance(Index row, const double* x, Index stride) const {
    double sum = 0;
    for (Index j = 0; j < width; ++j) {
      const double off = at(row, j) - x[j * stride];
      sum = std::fma(off, off, sum);
    }
    return sum;
  }
};

/// A constant, so that device code can use it.
inline constexpr double infinity = std::numeric_limits<double>::infinity();

/// A row and how good it is; row -1 is none.
struct Rated {
  double rate;
  Index row;
};
/// The better of two rows, the lower one of equals: in any order the same result.
struct BetterOf {
  CTP_HD Rated operator()(const Rated& a, const Rated& b) const {
    if (a.row < 0 || b.row < 0) return a.row < 0 ? b : a;
    return a.rate > b.rate || (a.rate == b.rate && a.row < b.row) ? a : b;
  }
};

/// The best of `count` rows by rate(row).
template <class Rate>
std::size_t best_row(Index count, const Rate& rate) {
  const thrust::counting_iterator<Index> first(0);
  return static_cast<std::size_t>(
      thrust::transform_reduce(thrust_policy(), first, first + count, rate, Rated{0, -1}, BetterOf{}).row);
}

struct ByProduct {
  Columns rows;
  const double* w;
  const char* taken;
  CTP_HD Rated operator()(Index i) const { return taken[i] != 0 ? Rated{0, -1} : Rated{rows.product(i, w), i}; }
};
struct StepAway {
  Columns rows;
  Index row;
  const double* mean;
  double* w;
  CTP_HD void operator()(Index j) const { w[j] += mean[j] - rows.at(row, j); }
};
/// Rows near to x come first.
struct ByNearness {
  Columns rows;
  const double* x;
  CTP_HD Rated operator()(Index i) const { return {-rows.squared_distance(i, x, 1), i}; }
};
/// The squared distance of a row from x; infinite if the row is taken.
struct FreeDistance {
  Columns rows;
  const double* x;
  const char* taken;
  CTP_HD double operator()(Index i) const { return taken[i] != 0 ? infinity : rows.squared_distance(i, x, 1); }
};
struct AtMost {
  double most;
  CTP_HD bool operator()(double x) const { return x <= most; }
};
/// Rows far from all rows chosen so far come first.
struct ByDistance {
  const double* nearest;
  CTP_HD Rated operator()(Index i) const { return {nearest[i], i}; }
};
struct LowerNearest {
  Columns rows;
  Index last;
  double* nearest;
  CTP_HD void operator()(Index i) const {
    const double d = rows.squared_distance(i, rows.values + last, rows.count);
    if (d < nearest[i]) nearest[i] = d;
  }
};
/// A centre becomes a row. **Shapes.** centre [width].
struct CopyRow {
  Columns rows;
  Index row;
  double* centre;
  CTP_HD void operator()(Index j) const { centre[j] = rows.at(row, j); }
};
/// The nearest of k centres; the lowest wins ties. A row is read once for each eight centres.
struct NearestCentre {
  static constexpr int together = 8;
  Columns rows;
  const double* centres;
  Index k;
  CTP_HD std::int32_t operator()(Index i) const {
    double best = infinity;
    Index nearest = 0;
    for (Index first = 0; first < k; first += together) {
      double sum[together] = {};
      const double* centre[together];
      CTP_UNROLL
      for (int t = 0; t < together; ++t) centre[t] = centres + (first + t < k ? first + t : k - 1) * rows.width;
      for (Index j = 0; j < rows.width; ++j) {
        const double x = rows.at(i, j);
        CTP_UNROLL
        for (int t = 0; t < together; ++t) {
          const double off = x - centre[t][j];
          sum[t] = std::fma(off, off, sum[t]);
        }
      }
      CTP_UNROLL
      for (int t = 0; t < together; ++t) {
        if (first + t >= k || !(sum[t] < best)) continue;
        best = sum[t];
        nearest = first + t;
      }
    }
    return static_cast<std::int32_t>(nearest);
  }
};
/// A number of a centre: the mean of its rows, added in ascending order as on the host. An empty cluster's stays.
struct MoveCentre {
  Columns rows;
  const std::int32_t *order, *begin;  // the rows cluster by cluster; where each cluster begins, [k+1]
  double* centres;
  CTP_HD void operator()(Index at) const {
    const Index c = at / rows.width, column = at % rows.width;
    if (begin[c] == begin[c + 1]) return;
    double sum = 0;
    for (std::int32_t i = begin[c]; i < begin[c + 1]; ++i) sum += rows.at(order[i], column);
    centres[at] = sum / static_cast<double>(begin[c + 1] - begin[c]);
  }
};

/// for_each of 0, 1, ... n - 1.
template <class Body>
void for_each_index(Index n, const Body& body) {
  const thrust::counting_iterator<Index> first(0);
  thrust::for_each(thrust_policy(), first, first + n, body);
}

/// The rows in the backend's memory, and which are taken.
template <class B>
class DeviceRows {
 public:
  explicit DeviceRows(const rehearsal::FeatureMatrix& rows)
      : count_(static_cast<Index>(rows.count())),
        width_(static_cast<Index>(rows.width())),
        values_(count_ * width_),
        taken_(count_) {
    std::vector<double> columns(rows.count() * rows.width());
    for (std::size_t i = 0; i < rows.count(); ++i)
      for (std::size_t j = 0; j < rows.width(); ++j) columns[j * rows.count() + i] = rows[i][j];
    values_.assign(columns);
  }
  [[nodiscard]] std::size_t count() const { return static_cast<std::size_t>(count_); }
  void bar(std::size_t row) {
    const auto at = as_thrust(taken_).begin() + static_cast<Index>(row);
    thrust::fill(thrust_policy(), at, at + 1, char{1});
  }

 protected:
  [[nodiscard]] Columns columns() const { return {values_.data(), count_, width_}; }
  [[nodiscard]] const char* taken() const { return taken_.data(); }
  Index count_, width_;

 private:
  Buffer<double, B> values_;
  Buffer<char, B> taken_;
};

/// The turns of rehearsal::detail::HerdingTurns.
template <class B>
class HerdingTurns : public DeviceRows<B> {
 public:
  explicit HerdingTurns(const rehearsal::FeatureMatrix& rows)
      : DeviceRows<B>(rows), mean_(this->width_), w_(this->width_) {
    const std::vector<double> mean = rows.mean();
    mean_.assign(mean);
    w_.assign(mean);
  }
  std::size_t best() { return best_row(this->count_, ByProduct{this->columns(), w_.data(), this->taken()}); }
  void step_away(std::size_t row) {
    for_each_index(this->width_, StepAway{this->columns(), static_cast<Index>(row), mean_.data(), w_.data()});
  }

 private:
  Buffer<double, B> mean_, w_;
};

/// The steps of rehearsal::detail::Clusters.
template <class B>
class Clusters : public DeviceRows<B> {
 public:
  Clusters(const rehearsal::FeatureMatrix& rows, std::size_t k)
      : DeviceRows<B>(rows),
        rows_(rows),
        k_(static_cast<Index>(k)),
        centres_(k_ * this->width_),
        distance_(this->count_),
        near_(this->count_),
        cluster_(this->count_),
        assigned_(this->count_),
        order_(this->count_),
        begin_(k_ + 1) {
    start(rows.mean());
  }
  bool assign() {
    const thrust::counting_iterator<Index> first(0);
    const auto on = thrust_policy();
    const auto to = as_thrust(assigned_), before = as_thrust(cluster_);
    thrust::transform(on, first, first + this->count_, to.begin(), NearestCentre{this->columns(), centres_.data(), k_});
    if (assigned_once_ && thrust::equal(on, to.begin(), to.end(), before.begin())) return false;
    assigned_once_ = true;
    thrust::copy(on, to.begin(), to.end(), before.begin());
    // The rows cluster by cluster. The sort is stable, so a cluster's rows stay in order; it changes `assigned_`.
    const auto order = as_thrust(order_), begin = as_thrust(begin_);
    thrust::sequence(on, order.begin(), order.end());
    thrust::stable_sort_by_key(on, to.begin(), to.end(), order.begin());
    const thrust::counting_iterator<std::int32_t> cluster(0);
    thrust::lower_bound(on, to.begin(), to.end(), cluster, cluster + k_ + 1, begin.begin());
    return true;
  }
  void move() {
    for_each_index(k_ * this->width_, MoveCentre{this->columns(), order_.data(), begin_.data(), centres_.data()});
  }
  [[nodiscard]] std::vector<std::size_t> sizes() const {
    const std::vector<std::int32_t> begin = begin_.to_host();
    std::vector<std::size_t> size(static_cast<std::size_t>(k_));
    for (std::size_t c = 0; c < size.size(); ++c) size[c] = static_cast<std::size_t>(begin[c + 1] - begin[c]);
    return size;
  }
  std::size_t take_nearest(std::size_t c) {
    const thrust::counting_iterator<Index> first(0);
    const auto on = thrust_policy();
    const auto all = as_thrust(distance_);
    const auto near = as_thrust(near_);
    const double* const centre = centres_.data() + static_cast<Index>(c) * this->width_;
    thrust::transform(on, first, first + this->count_, all.begin(),
                      FreeDistance{this->columns(), centre, this->taken()});
    const double least = thrust::reduce(on, all.begin(), all.end(), infinity, thrust::minimum<double>());
    const auto end =
        thrust::copy_if(on, first, first + this->count_, all.begin(), near.begin(), AtMost{least * 1.000001});
    const std::size_t row = nearest_on_host(c, end - near.begin());
    this->bar(row);
    return row;
  }

 private:
  /// Farthest-first rows, as rehearsal::detail::farthest_first().
  void start(const std::vector<double>& host_mean) {
    Buffer<double, B> mean(this->width_), nearest(this->count_);
    mean.assign(host_mean);
    const auto all = as_thrust(nearest);
    thrust::fill(thrust_policy(), all.begin(), all.end(), infinity);
    std::size_t row = best_row(this->count_, ByNearness{this->columns(), mean.data()});
    for (Index c = 0; c < k_; ++c) {
      if (c > 0) row = best_row(this->count_, ByDistance{nearest.data()});
      const auto last = static_cast<Index>(row);
      for_each_index(this->width_, CopyRow{this->columns(), last, centres_.data() + c * this->width_});
      for_each_index(this->count_, LowerNearest{this->columns(), last, nearest.data()});
    }
  }

  /// Of the first rows of `near_`, that with the least distance as the host computes it.
  std::size_t nearest_on_host(std::size_t c, Index rows) const {
    std::vector<Index> near(static_cast<std::size_t>(rows));
    std::vector<double> centre(rows_.width());
    B::download(near_.data(), rows, near.data());
    B::download(centres_.data() + static_cast<Index>(c) * this->width_, this->width_, centre.data());
    const auto distance = [&](Index row) {
      return rehearsal::detail::squared_distance(rows_[static_cast<std::size_t>(row)], centre.data(), rows_.width());
    };
    return static_cast<std::size_t>(
        *std::min_element(near.begin(), near.end(), [&](Index a, Index b) { return distance(a) < distance(b); }));
  }

  const rehearsal::FeatureMatrix& rows_;
  Index k_;
  Buffer<double, B> centres_, distance_;
  Buffer<Index, B> near_;                                       // [count]
  Buffer<std::int32_t, B> cluster_, assigned_, order_, begin_;  // begin: zeros before the first assignment
  bool assigned_once_ = false;
};

}  // namespace detail

/// @brief rehearsal::choose_herding() in the memory of backend B. **Errors.** as there.
template <class B>
std::vector<std::size_t> choose_herding(const rehearsal::FeatureMatrix& rows, std::size_t k) {
  return rehearsal::detail::herd(detail::HerdingTurns<B>(rows), k);
}
/// @brief rehearsal::choose_herding_published() in the memory of backend B. **Errors.** as there.
template <class B>
std::vector<std::size_t> choose_herding_published(const rehearsal::FeatureMatrix& rows, std::size_t k,
                                                  std::size_t bound = 100000) {
  return rehearsal::detail::herd_published(detail::HerdingTurns<B>(rows), k, bound);
}
/// @brief rehearsal::choose_kmeans() in the memory of backend B. At most 2^31 - 1 rows.
template <class B>
std::vector<std::size_t> choose_kmeans(const rehearsal::FeatureMatrix& rows, std::size_t k, int iterations = 100) {
  require(rows.count() < (std::size_t{1} << 31U), "choose_kmeans", "takes at most 2^31 - 1 rows");
  k = std::min(k, rows.count());
  if (k == 0) return {};
  return rehearsal::detail::cluster_rows(detail::Clusters<B>(rows, k), k, iterations);
}

/// @brief rehearsal::Herding that chooses in the memory of backend B: `using Rehearsal =
/// ctp::interop::HerdingOn<ctp::Cuda>`. The same settings and State.
template <class B>
struct HerdingOn : rehearsal::Herding {
  void choose(rehearsal::TaskMemory& memory, const rehearsal::Candidates& task) const {
    rehearsal::require_budget(budget);
    memory.add_task(task, static_cast<std::uint64_t>(budget), published,
                    [&](const rehearsal::FeatureMatrix& rows, std::size_t places) {
                      return published ? choose_herding_published<B>(rows, places) : choose_herding<B>(rows, places);
                    });
  }
};

/// @brief rehearsal::KMeans that chooses in the memory of backend B. The same settings and State.
template <class B>
struct KMeansOn : rehearsal::KMeans {
  void choose(rehearsal::TaskMemory& memory, const rehearsal::Candidates& task) const {
    rehearsal::require_budget(budget);
    memory.add_task(task, static_cast<std::uint64_t>(budget), false,
                    [&](const rehearsal::FeatureMatrix& rows, std::size_t places) {
                      return choose_kmeans<B>(rows, places, iterations);
                    });
  }
};

}  // namespace ctp::interop
