/// @file   ctp/backend/generic/elementwise.hpp
/// @brief  Elementwise operations on host memory.
/// @layer  backend
#pragma once

#include <algorithm>
#include <cstdint>

#include <ctp/config.hpp>
#include <ctp/core/parallel.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::backend::generic {

/// @brief Elementwise operations of a host backend.
template <class Real>
struct ElementwiseOps {
  /// x = value. **Shapes.** [n].
  static void fill(Index n, Real value, Real* x) { std::fill_n(x, n, value); }

  /// x[i] = first + i. **Shapes.** [n].
  static void ramp(Index n, std::int32_t first, std::int32_t* x) {
    for (Index i = 0; i < n; ++i) x[i] = first + static_cast<std::int32_t>(i);
  }

  /// y += a x. **Shapes.** [n].
  static void add_scaled(Index n, Real a, const Real* x, Real* y) {
    parallel_blocks(n, 65536, [&](Index begin, Index end) {
      CTP_SIMD
      for (Index i = begin; i < end; ++i) y[i] += a * x[i];
    });
  }

  /// y += (*a) x; `a` lies in the backend's memory. **Shapes.** a [], x, y [n].
  static void add_scaled_by(Index n, const Real* a, const Real* x, Real* y) { add_scaled(n, *a, x, y); }

  /// y (+)= a x. **Shapes.** [n].
  static void multiply(Index n, const Real* a, const Real* x, bool accumulate, Real* y) {
    if (accumulate) {
      CTP_SIMD
      for (Index i = 0; i < n; ++i) y[i] += a[i] * x[i];
    } else {
      CTP_SIMD
      for (Index i = 0; i < n; ++i) y[i] = a[i] * x[i];
    }
  }

  /// x[i,i] = value. **Shapes.** x [n,n].
  static void set_diagonal(Index n, Real value, Real* x) {
    for (Index i = 0; i < n; ++i) x[i * n + i] = value;
  }

  /// bias = (1 - attend) * value. **Shapes.** [n].
  static void padding_bias(Index n, const std::int32_t* attend, Real value, Real* bias) {
    for (Index i = 0; i < n; ++i) bias[i] = attend[i] != 0 ? Real(0) : value;
  }
};

}  // namespace ctp::backend::generic
