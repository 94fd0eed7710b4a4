/// @file   ctp/backend/generic/linear.hpp
/// @brief  Linear layers and matrix products on host memory, built on the backend's tiled product.
/// @layer  backend
#pragma once

#include <ctp/config.hpp>
#include <ctp/core/functional.hpp>
#include <ctp/core/parallel.hpp>
#include <ctp/core/scratch.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::backend::generic {

/// @brief Matrix products and linear layers of a host backend. Derived provides tiled_product().
template <class Derived, class Real>
struct LinearOps {
  /// @brief Matrix product c (+)= alpha op(a) op(b).
  ///
  /// **Shapes.** op(a) [m,k], op(b) [k,n], c [m,n]; all row-major, c without gaps.
  static void product(bool transpose_a, bool transpose_b, Index m, Index n, Index k, Real alpha, const Real* a,
                      Index lda, const Real* b, Index ldb, bool accumulate, Real* c) {
    Derived::tiled_product(
        transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, c, n,
        [&](Index row, Index rows, Index column, Index columns) {
          if (accumulate) return;
          for (Index i = row; i < row + rows; ++i)
            for (Index j = column; j < column + columns; ++j) c[i * n + j] = 0;
        },
        [](Index, Index, Index, Index) {});
  }

  /// @brief Linear layer: y = x w^T + bias (+ residual); if `activated` is given, also activated = gelu(y).
  ///
  /// **Shapes.** x [n,k], w [m,k], bias [m], residual, y, activated [n,m]. residual and activated may be null.
  static void linear(Index n, Index k, Index m, const Real* x, const Real* w, const Real* bias, const Real* residual,
                     Real* y, Real* activated) {
    Derived::tiled_product(
        false, true, n, m, k, Real(1), x, k, w, k, y, m,
        [&](Index row, Index rows, Index column, Index columns) {
          for (Index i = row; i < row + rows; ++i) {
            Real* out = y + i * m + column;
            const Real* b = bias + column;
            const Real* r = residual == nullptr ? nullptr : residual + i * m + column;
            if (r == nullptr) {
              CTP_SIMD
              for (Index j = 0; j < columns; ++j) out[j] = b[j];
            } else {
              CTP_SIMD
              for (Index j = 0; j < columns; ++j) out[j] = b[j] + r[j];
            }
          }
        },
        [&](Index row, Index rows, Index column, Index columns) {
          if (activated == nullptr) return;
          for (Index i = row; i < row + rows; ++i) {
            const Real* in = y + i * m + column;
            Real* out = activated + i * m + column;
            CTP_SIMD
            for (Index j = 0; j < columns; ++j) out[j] = fn::gelu(in[j]);
          }
        });
  }

  /// @brief Linear backward: dx (+)= dy w, dw += dy^T x, dbias += column sums of dy. `overwrite_grad`: dx is written,
  /// not added to.
  ///
  /// `before`: input of GELU, or null. If given, dy is the gradient of GELU's output and is overwritten.
  /// **Shapes.** as linear(); before, dx, dw and dbias may be null.
  static void linear_backward(Index n, Index k, Index m, const Real* x, const Real* w, const Real* before, Real* dy,
                              Real* dx, bool overwrite_grad, Real* dw, Real* dbias) {
    if (before != nullptr) gelu_backward(n * m, before, dy);
    if (dx != nullptr) product(false, false, n, k, m, Real(1), dy, m, w, k, !overwrite_grad, dx);
    if (dw != nullptr) product(true, false, m, k, n, Real(1), dy, m, x, k, true, dw);
    if (dbias != nullptr) add_column_sums(n, m, dy, dbias);
  }

  /// @brief Column sums: sums += column sums of x, in a fixed order. **Shapes.** x [n,m], sums [m].
  static void add_column_sums(Index n, Index m, const Real* x, Real* sums) {
    parallel_blocks(m, 256, [&](Index begin, Index end) {
      for (Index i = 0; i < n; ++i) {
        const Real* row = x + i * m;
        CTP_SIMD
        for (Index j = begin; j < end; ++j) sums[j] += row[j];
      }
    });
  }

  /// @brief GELU backward, in place: gradient *= gelu'(x). **Shapes.** both [count].
  static void gelu_backward(Index count, const Real* x, Real* gradient) {
    parallel_blocks(count, 16384, [&](Index begin, Index end) {
      CTP_SIMD
      for (Index i = begin; i < end; ++i) gradient[i] *= fn::gelu_slope(x[i]);
    });
  }
};

}  // namespace ctp::backend::generic
