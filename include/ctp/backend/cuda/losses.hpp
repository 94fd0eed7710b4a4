/// @file   ctp/backend/cuda/losses.hpp
/// @brief  Cross-entropy losses over rows of scores, as kernels.
/// @layer  backend
#pragma once

#include <cmath>
#include <cstdint>

#include <ctp/backend/cuda/kernel/launch.hpp>
#include <ctp/core/functional.hpp>

namespace ctp::backend::cuda {

namespace kernel {

/// log sum_j exp(scale x[j]), in every lane.
template <class Team, class Real>
CTP_HD Real log_sum_exp(const Team& team, Index m, const Real* x, Real scale) {
  Real top = x[0];
  for (Index j = team.lane(); j < m; j += team.size()) top = x[j] > top ? x[j] : top;
  top = team.max(top);
  Real total = 0;
  for (Index j = team.lane(); j < m; j += team.size()) total += fn::exp((x[j] - top) * scale);
  return top * scale + std::log(team.sum(total));
}

template <class Real>
struct CrossEntropy {
  Index m;
  const Real* x;
  const std::int32_t* target;
  Real *log_sum, *loss;

  template <class Team>
  CTP_HD void operator()(const Team& team, Index i) const {
    const Real l = log_sum_exp(team, m, x + i * m, Real(1));
    if (team.lane() == 0) {
      log_sum[i] = l;
      loss[i] = l - x[i * m + target[i]];
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
    const Real *xi = x + i * m, *ti = t + i * m, own = divergence ? Real(1) : Real(0);
    const Real lx = log_sum_exp(team, m, xi, inverse_temperature), lt = log_sum_exp(team, m, ti, inverse_temperature);
    Real total = 0;
    for (Index j = team.lane(); j < m; j += team.size()) {
      const Real log_q = ti[j] * inverse_temperature - lt, log_p = xi[j] * inverse_temperature - lx;
      total += fn::exp(log_q) * (own * log_q - log_p);
    }
    total = team.sum(total);
    if (team.lane() == 0) {
      log_sum_x[i] = lx;
      log_sum_t[i] = lt;
      loss[i] = total;
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
