/// @file   ctp/backend/generic/losses.hpp
/// @brief  Cross-entropy losses over rows of scores, on host memory.
/// @layer  backend
#pragma once

#include <cmath>
#include <cstdint>

#include <ctp/config.hpp>
#include <ctp/core/functional.hpp>
#include <ctp/core/parallel.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::backend::generic {

/// @brief Losses of a host backend.
template <class Real>
struct LossOps {
  /// @brief Cross entropy with class targets: loss[i] = log sum_j exp(x[i,j]) - x[i,target[i]].
  ///
  /// **Shapes.** x [n,m], target [n] in [0,m), log_sum [n] (kept for the backward pass), loss [n].
  static void cross_entropy(Index n, Index m, const Real* x, const std::int32_t* target, Real* log_sum, Real* loss) {
    parallel_for(n, [&](Index i) {
      log_sum[i] = log_sum_exp(m, x + i * m, Real(1));
      loss[i] = log_sum[i] - x[i * m + target[i]];
    });
  }

  /// @brief Cross-entropy backward: dx += dloss weight[i] (softmax(x[i]) - onehot(target[i])). weight [n]; rows of
  /// weight zero are skipped.
  static void cross_entropy_backward(Index n, Index m, const Real* x, const std::int32_t* target, const Real* log_sum,
                                     const Real* weight, const Real* dloss, Real* dx) {
    parallel_for(n, [&](Index i) {
      const Real g = *dloss * weight[i], top = log_sum[i];
      if (g == Real(0)) return;
      const Real* in = x + i * m;
      Real* out = dx + i * m;
      CTP_SIMD
      for (Index j = 0; j < m; ++j) out[j] += g * fn::exp(in[j] - top);
      out[target[i]] -= g;
    });
  }

  /// @brief Cross entropy with a teacher's distribution: loss[i] = - sum_j q[j] log p[j], p = softmax(x[i] /
  /// temperature), q = softmax(t[i] / temperature). With `divergence`: loss[i] = KL(q || p) = sum_j q[j] (log q[j] -
  /// log p[j]).
  ///
  /// **Shapes.** x, t [n,m]; log_sum_x, log_sum_t [n], of the scaled scores, kept for the backward pass; loss [n].
  static void soft_cross_entropy(Index n, Index m, const Real* x, const Real* t, Real inverse_temperature,
                                 bool divergence, Real* log_sum_x, Real* log_sum_t, Real* loss) {
    parallel_for(n, [&](Index i) {
      const Real *xi = x + i * m, *ti = t + i * m;
      const Real lx = log_sum_exp(m, xi, inverse_temperature), lt = log_sum_exp(m, ti, inverse_temperature);
      // Copies of captured values, so that g++ vectorises the sum.
      const Real entropy = divergence ? Real(1) : Real(0), scale = inverse_temperature;
      const Index columns = m;
      Real total = 0;
      CTP_SIMD_SUM(total)
      for (Index j = 0; j < columns; ++j) {
        const Real log_q = ti[j] * scale - lt, log_p = xi[j] * scale - lx;
        total += fn::exp(log_q) * (entropy * log_q - log_p);
      }
      log_sum_x[i] = lx;
      log_sum_t[i] = lt;
      loss[i] = total;
    });
  }

  /// @brief Soft cross-entropy backward: dx += dloss weight[i] / temperature (p - q). The teacher's scores t get no
  /// gradient.
  static void soft_cross_entropy_backward(Index n, Index m, const Real* x, const Real* t, Real inverse_temperature,
                                          const Real* log_sum_x, const Real* log_sum_t, const Real* weight,
                                          const Real* dloss, Real* dx) {
    parallel_for(n, [&](Index i) {
      const Real scale = inverse_temperature, g = *dloss * weight[i] * scale, lx = log_sum_x[i], lt = log_sum_t[i];
      if (g == Real(0)) return;
      const Index columns = m;
      const Real *xi = x + i * m, *ti = t + i * m;
      Real* out = dx + i * m;
      CTP_SIMD
      for (Index j = 0; j < columns; ++j) out[j] += g * (fn::exp(xi[j] * scale - lx) - fn::exp(ti[j] * scale - lt));
    });
  }

  /// @brief Weighted sum: result = sum_i weight[i] x[i], summed in the order of i. **Shapes.** [n].
  static void dot(Index n, const Real* x, const Real* weight, Real* result) {
    Real total = 0;
    for (Index i = 0; i < n; ++i) total += weight[i] * x[i];
    *result = total;
  }

 private:
  static Real log_sum_exp(Index m, const Real* x, Real scale) {
    Real top = x[0];
    CTP_SIMD_MAX(top)
    for (Index j = 0; j < m; ++j) top = x[j] > top ? x[j] : top;
    Real total = 0;
    CTP_SIMD_SUM(total)
    for (Index j = 0; j < m; ++j) total += fn::exp((x[j] - top) * scale);
    return top * scale + std::log(total);
  }
};

}  // namespace ctp::backend::generic
