/// @file   ctp/backend/generic/rows.hpp
/// @brief  Gather, scatter, normalisation and scaling of rows, on host memory.
/// @layer  backend
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <ctp/config.hpp>
#include <ctp/core/parallel.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::backend::generic {

/// @brief Operations on rows, for a host backend.
template <class Real>
struct RowOps {
  /// @brief Gather of rows: y[i] = x[index[i]]. **Shapes.** x [*,d], index [n], y [n,d].
  static void gather_rows(Index n, Index d, const Real* x, const std::int32_t* index, Real* y) {
    parallel_blocks(n, 64, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) std::copy_n(x + index[i] * d, d, y + i * d);
    });
  }

  /// @brief Scatter-add of rows: x[index[i]] += y[i], in the order of i. **Shapes.** as gather_rows(); an index may
  /// occur more than once.
  static void scatter_add_rows(Index n, Index d, const Real* y, const std::int32_t* index, Real* x) {
    parallel_blocks(d, 256, [&](Index begin, Index end) {
      for (Index i = 0; i < n; ++i) {
        const Real* in = y + i * d;
        Real* out = x + index[i] * d;
        CTP_SIMD
        for (Index j = begin; j < end; ++j) out[j] += in[j];
      }
    });
  }

  /// @brief Strided gather of rows: y[i] = x[i * step]. **Shapes.** x [n*step,d], y [n,d].
  static void take_rows(Index n, Index step, Index d, const Real* x, Real* y) {
    for (Index i = 0; i < n; ++i) std::copy_n(x + i * step * d, d, y + i * d);
  }

  /// @brief Strided scatter-add of rows: x[i * step] += y[i]. **Shapes.** as take_rows().
  static void add_taken_rows(Index n, Index step, Index d, const Real* y, Real* x) {
    for (Index i = 0; i < n; ++i) {
      CTP_SIMD
      for (Index j = 0; j < d; ++j) x[i * step * d + j] += y[i * d + j];
    }
  }

  /// @brief L2 normalisation of rows: y = x / max(|x|, eps). **Shapes.** x, y [n,d]; length [n], kept for the backward
  /// pass.
  static void normalize_rows(Index n, Index d, const Real* x, Real eps, Real* y, Real* length) {
    parallel_blocks(n, 64, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) {
        const Real* in = x + i * d;
        length[i] = std::max(norm(d, in), eps);
        const Real inverse = Real(1) / length[i];
        Real* out = y + i * d;
        CTP_SIMD
        for (Index j = 0; j < d; ++j) out[j] = in[j] * inverse;
      }
    });
  }

  /// @brief Backward of the L2 normalisation: dx += (dy - (dy . y) y) / length; for rows shorter than eps, which the
  /// forward pass only scales,
  /// dx += dy / length.
  static void normalize_rows_backward(Index n, Index d, const Real* y, const Real* length, Real eps, const Real* dy,
                                      Real* dx) {
    parallel_blocks(n, 64, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) {
        const Real *g = dy + i * d, *unit = y + i * d;
        Real dot = 0;
        CTP_SIMD_SUM(dot)
        for (Index j = 0; j < d; ++j) dot += g[j] * unit[j];
        if (!(length[i] > eps)) dot = 0;
        const Real inverse = Real(1) / length[i];
        Real* out = dx + i * d;
        CTP_SIMD
        for (Index j = 0; j < d; ++j) out[j] += (g[j] - dot * unit[j]) * inverse;
      }
    });
  }

  /// @brief Euclidean row lengths: length[i] = |x[i]|. **Shapes.** x [n,d], length [n].
  static void row_lengths(Index n, Index d, const Real* x, Real* length) {
    for (Index i = 0; i < n; ++i) length[i] = norm(d, x + i * d);
  }

  /// @brief Backward of the row lengths: dx[i] += dlength[i] x[i] / length[i]; rows of length zero get no gradient.
  static void row_lengths_backward(Index n, Index d, const Real* x, const Real* length, const Real* dlength, Real* dx) {
    for (Index i = 0; i < n; ++i) {
      const Real factor = length[i] > 0 ? dlength[i] / length[i] : Real(0);
      CTP_SIMD
      for (Index j = 0; j < d; ++j) dx[i * d + j] += factor * x[i * d + j];
    }
  }

  /// @brief Row-wise inner products: y[i] = <a[i], b[i]>. **Shapes.** a, b [n,d], y [n].
  static void row_products(Index n, Index d, const Real* a, const Real* b, Real* y) {
    parallel_blocks(n, 64, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) {
        const Real *const left = a + i * d, *const right = b + i * d;
        Real sum = 0;
        CTP_SIMD_SUM(sum)
        for (Index j = 0; j < d; ++j) sum += left[j] * right[j];
        y[i] = sum;
      }
    });
  }

  /// @brief Adds scaled rows: y[i] += factor[i] x[i]. **Shapes.** factor [n], x, y [n,d].
  static void add_scaled_rows(Index n, Index d, const Real* factor, const Real* x, Real* y) {
    parallel_blocks(n, 64, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) {
        const Real scale = factor[i];
        CTP_SIMD
        for (Index j = 0; j < d; ++j) y[i * d + j] += scale * x[i * d + j];
      }
    });
  }

  /// @brief Batched transpose: y[b,j,i] (+)= x[b,i,j]. **Shapes.** x [batch,n,d], y [batch,d,n].
  static void transpose_each(Index batch, Index n, Index d, const Real* x, bool accumulate, Real* y) {
    parallel_for(batch, [&](Index b) {
      const Real* in = x + b * n * d;
      Real* out = y + b * n * d;
      for (Index j = 0; j < d; ++j)
        for (Index i = 0; i < n; ++i) out[j * n + i] = in[i * d + j] + (accumulate ? out[j * n + i] : Real(0));
    });
  }

 private:
  static Real norm(Index d, const Real* x) {
    Real squares = 0;
    CTP_SIMD_SUM(squares)
    for (Index j = 0; j < d; ++j) squares += x[j] * x[j];
    return std::sqrt(squares);
  }
};

}  // namespace ctp::backend::generic
