/// @file   ctp/backend/cuda/losses.hpp
/// @brief  Cross-entropy losses over rows of scores, as kernels.
/// @layer  backend
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include <ctp/backend/cuda/kernel/launch.hpp>
#include <ctp/backend/cuda/kernel/read_ahead.hpp>
#include <ctp/core/functional.hpp>

namespace ctp::backend::cuda {

namespace kernel {

/// @brief Sum of the exponentials of a lane's scores, relative to the largest score so far: each score is read once.
///
/// **Source.** Milakov and Gimelshein 2018, arXiv:1805.02867, algorithm 3.
template <class Real>
struct RunningSum {
  Real top = std::numeric_limits<Real>::lowest(), sum = 0;

  struct Factors {
    Real of_earlier, of_new;
  };
  /// Adds exp(scale x). Returns the factors of a sum with the same exponentials: of the sum so far, and of x's term.
  CTP_HD Factors add(Real x, Real scale) {
    const bool larger = x > top;
    const Real of_smaller = fn::exp((larger ? top - x : x - top) * scale);
    const Factors factors{larger ? of_smaller : Real(1), larger ? Real(1) : of_smaller};
    sum = sum * factors.of_earlier + factors.of_new;
    top = larger ? x : top;
    return factors;
  }
  /// Adds up the sums of the team, in every lane. Returns the factor of another sum of the lane.
  template <class Team>
  CTP_HD Real join(const Team& team, Real scale) {
    const Real of_lane = top;
    top = team.max(of_lane);
    const Real factor = fn::exp((of_lane - top) * scale);
    sum = team.sum(sum * factor);
    return factor;
  }
  /// The logarithm of the sum of exp(scale x).
  [[nodiscard]] CTP_HD Real log_sum(Real scale) const { return top * scale + std::log(sum); }
};

/// Calls use(read(j)) for each of a lane's columns j of m, with eight reads before the first of their uses.
template <class Team, class Read, class Use>
CTP_HD void for_columns(const Team& team, Index m, const Read& read, const Use& use) {
  const Index lane = team.lane(), size = team.size();
  read_ahead<8>(
      0, lane < m ? (m - lane + size - 1) / size : 0, [&](Index turn) { return read(lane + turn * size); },
      [&](const auto& loaded, Index) { use(loaded); });
}

template <class Real>
struct CrossEntropy {
  Index m;
  const Real* x;
  const std::int32_t* target;
  Real *log_sum, *loss;

  template <class Team>
  CTP_HD void operator()(const Team& team, Index i) const {
    const Real* xi = x + i * m;
    RunningSum<Real> sum;
    for_columns(team, m, [&](Index j) { return xi[j]; }, [&](Real score) { sum.add(score, Real(1)); });
    sum.join(team, Real(1));
    if (team.lane() == 0) {
      const Real l = sum.log_sum(Real(1));
      log_sum[i] = l;
      loss[i] = l - xi[target[i]];
    }
  }
};

template <class Real>
struct CrossEntropyBackward {
  Index m;
  const Real* x;
  const std::int32_t* target;
  const Real *log_sum, *weight, *dloss;
  Real* dx;

  template <class Team>
  CTP_HD void operator()(const Team& team, Index i) const {
    const Real g = *dloss * weight[i], l = log_sum[i];
    if (g == Real(0)) return;
    for (Index j = team.lane(); j < m; j += team.size())
      dx[i * m + j] += g * (fn::exp(x[i * m + j] - l) - (j == target[i] ? Real(1) : Real(0)));
  }
};

template <class Real>
struct SoftCrossEntropy {
  Index m;
  const Real *x, *t;
  Real inverse_temperature;
  bool divergence;
  Real *log_sum_x, *log_sum_t, *loss;

  template <class Team>
  CTP_HD void operator()(const Team& team, Index i) const {
    const Real *xi = x + i * m, *ti = t + i * m, own = divergence ? Real(1) : Real(0), scale = inverse_temperature;
    struct Scores {
      Real x, t;
    };
    RunningSum<Real> of_x, of_t;
    Real total = 0;  // sum exp(scale t) (own t - x)
    for_columns(
        team, m, [&](Index j) { return Scores{xi[j], ti[j]}; },
        [&](const Scores& one) {
          of_x.add(one.x, scale);
          const auto factors = of_t.add(one.t, scale);
          total = total * factors.of_earlier + factors.of_new * (own * one.t - one.x);
        });
    of_x.join(team, scale);
    total = team.sum(total * of_t.join(team, scale));
    if (team.lane() == 0) {
      const Real lx = of_x.log_sum(scale), lt = of_t.log_sum(scale);
      log_sum_x[i] = lx;
      log_sum_t[i] = lt;
      loss[i] = total / of_t.sum * scale + (lx - own * lt);  // sum q (own log q - log p)
    }
  }
};

template <class Real>
struct SoftCrossEntropyBackward {
  Index m;
  const Real *x, *t;
  Real inverse_temperature;
  const Real *log_sum_x, *log_sum_t, *weight, *dloss;
  Real* dx;

  template <class Team>
  CTP_HD void operator()(const Team& team, Index i) const {
    const Real g = *dloss * weight[i] * inverse_temperature, lx = log_sum_x[i], lt = log_sum_t[i];
    if (g == Real(0)) return;
    for (Index j = team.lane(); j < m; j += team.size())
      dx[i * m + j] +=
          g * (fn::exp(x[i * m + j] * inverse_temperature - lx) - fn::exp(t[i * m + j] * inverse_temperature - lt));
  }
};

/// Dot product in one block: each thread sums every most_threads-th product, then the block adds the threads' sums in a
/// fixed order.
template <class Real>
struct Dot {
  Index n;
  const Real *x, *weight;
  Real* result;

  template <class Team>
  CTP_HD void operator()(const Team& team, Index /*row*/) const {
    Real total = 0;
    for (Index i = team.lane(); i < n; i += team.size()) total += weight[i] * x[i];
    total = team.sum(total);
    if (team.lane() == 0) *result = total;
  }
};

}  // namespace kernel

/// The operations of generic::LossOps, which documents each of them.
template <class Runtime, class Real>
struct LossOps {
  static void cross_entropy(Index n, Index m, const Real* x, const std::int32_t* target, Real* log_sum, Real* loss) {
    launch_rows<Runtime>(n, m, kernel::CrossEntropy<Real>{m, x, target, log_sum, loss});
  }
  static void cross_entropy_backward(Index n, Index m, const Real* x, const std::int32_t* target, const Real* log_sum,
                                     const Real* weight, const Real* dloss, Real* dx) {
    launch_rows<Runtime>(n, m, kernel::CrossEntropyBackward<Real>{m, x, target, log_sum, weight, dloss, dx});
  }
  static void soft_cross_entropy(Index n, Index m, const Real* x, const Real* t, Real inverse_temperature,
                                 bool divergence, Real* log_sum_x, Real* log_sum_t, Real* loss) {
    launch_rows<Runtime>(
        n, m, kernel::SoftCrossEntropy<Real>{m, x, t, inverse_temperature, divergence, log_sum_x, log_sum_t, loss});
  }
  static void soft_cross_entropy_backward(Index n, Index m, const Real* x, const Real* t, Real inverse_temperature,
                                          const Real* log_sum_x, const Real* log_sum_t, const Real* weight,
                                          const Real* dloss, Real* dx) {
    launch_rows<Runtime>(
        n, m,
        kernel::SoftCrossEntropyBackward<Real>{m, x, t, inverse_temperature, log_sum_x, log_sum_t, weight, dloss, dx});
  }
  static void dot(Index n, const Real* x, const Real* weight, Real* result) {
    launch_rows<Runtime>(1, n, kernel::Dot<Real>{n, x, weight, result});
  }
};

}  // namespace ctp::backend::cuda
