/// @file   ctp/backend/generic/layer_norm.hpp
/// @brief  Layer normalisation with residual and dropout on host memory.
/// @layer  backend
#pragma once

#include <cmath>

#include <ctp/backend/dropout.hpp>
#include <ctp/core/parallel.hpp>
#include <ctp/core/scratch.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::backend::generic {

/// @brief Layer normalisation and dropout of a host backend.
template <class Real>
struct LayerNormOps {
  /// @brief Layer norm of a residual sum, by row: sum = x + dropout(h); y = gain (sum - mean) / sqrt(variance + eps) +
  /// bias.
  ///
  /// **Shapes.** x, h, sum, y [rows,d]; gain, bias [d]; mean, inverse [rows], kept for the backward pass.
  /// h may be null: then x is normalised and `sum` is not written.
  static void layer_norm(Index rows, Index d, const Real* x, const Real* h, const Dropout& dropout,
                         Index rows_per_sample, const Real* gain, const Real* bias, Real eps, Real* sum, Real* y,
                         Real* mean, Real* inverse) {
    parallel_blocks(rows, row_block, [&](Index begin, Index end) {
      Real* factor = thread_scratch<Real, Scratch::Rows>(static_cast<std::size_t>(d));
      for (Index i = begin; i < end; ++i) {
        const Real* in = x + i * d;
        if (h != nullptr) {
          const Real* branch = h + i * d;
          Real* out = sum + i * d;
          if (dropout.active()) {
            dropout_row(dropout, i / rows_per_sample, static_cast<std::uint32_t>(i % rows_per_sample), d, factor);
            CTP_SIMD
            for (Index j = 0; j < d; ++j) out[j] = in[j] + factor[j] * branch[j];
          } else {
            CTP_SIMD
            for (Index j = 0; j < d; ++j) out[j] = in[j] + branch[j];
          }
          in = out;
        }
        Real total = 0;
        CTP_SIMD_SUM(total)
        for (Index j = 0; j < d; ++j) total += in[j];
        const Real m = total / static_cast<Real>(d);
        Real squares = 0;
        CTP_SIMD_SUM(squares)
        for (Index j = 0; j < d; ++j) squares += (in[j] - m) * (in[j] - m);
        const Real s = Real(1) / std::sqrt(squares / static_cast<Real>(d) + eps);
        mean[i] = m;
        inverse[i] = s;
        Real* out = y + i * d;
        CTP_SIMD
        for (Index j = 0; j < d; ++j) out[j] = (in[j] - m) * s * gain[j] + bias[j];
      }
    });
  }

  /// @brief Adds the gradients of layer_norm() to dx, dh (null without h), dgain and dbias.
  ///
  /// **Shapes.** sum [rows,d], the input of the normalisation; the others as layer_norm().
  static void layer_norm_backward(Index rows, Index d, const Real* sum, const Dropout& dropout, Index rows_per_sample,
                                  const Real* gain, const Real* mean, const Real* inverse, const Real* dy, Real* dx,
                                  Real* dh, Real* dgain, Real* dbias) {
    const Index blocks = (rows + row_block - 1) / row_block;
    // One partial sum of dgain and dbias for each block of rows; the partial sums are added in the order of the blocks.
    Real* partial = thread_scratch<Real, Scratch::Reduction>(static_cast<std::size_t>(2 * d * blocks));
    parallel_for(blocks, [&](Index block) {
      Real* pg = partial + 2 * d * block;
      Real* pb = pg + d;
      const Real* const scale = gain;  // copies, so that g++ vectorises the sums over a row
      const Index columns = d;
      for (Index j = 0; j < 2 * d; ++j) pg[j] = 0;
      Real* factor = thread_scratch<Real, Scratch::Rows>(static_cast<std::size_t>(2 * d));
      Real* ds = factor + d;
      const Index end = (block + 1) * row_block < rows ? (block + 1) * row_block : rows;
      for (Index i = block * row_block; i < end; ++i) {
        const Real *in = sum + i * d, *g = dy + i * d;
        const Real m = mean[i], s = inverse[i];
        Real a = 0, b = 0;
        CTP_SIMD_SUM(a)
        for (Index j = 0; j < columns; ++j) a += g[j] * scale[j];
        CTP_SIMD_SUM(b)
        for (Index j = 0; j < columns; ++j) b += g[j] * scale[j] * (in[j] - m);
        a /= static_cast<Real>(d);
        b *= s * s / static_cast<Real>(d);
        CTP_SIMD
        for (Index j = 0; j < columns; ++j) {
          pg[j] += g[j] * (in[j] - m) * s;
          pb[j] += g[j];
          ds[j] = s * (g[j] * scale[j] - a - (in[j] - m) * b);
        }
        if (dx != nullptr) {
          Real* out = dx + i * d;
          CTP_SIMD
          for (Index j = 0; j < d; ++j) out[j] += ds[j];
        }
        if (dh != nullptr) {
          Real* out = dh + i * d;
          if (dropout.active()) {
            dropout_row(dropout, i / rows_per_sample, static_cast<std::uint32_t>(i % rows_per_sample), d, factor);
            CTP_SIMD
            for (Index j = 0; j < d; ++j) out[j] += factor[j] * ds[j];
          } else {
            CTP_SIMD
            for (Index j = 0; j < d; ++j) out[j] += ds[j];
          }
        }
      }
    });
    for (Index block = 0; block < blocks; ++block) {
      const Real* pg = partial + 2 * d * block;
      CTP_SIMD
      for (Index j = 0; j < d; ++j) {
        dgain[j] += pg[j];
        dbias[j] += pg[d + j];
      }
    }
  }

  /// @brief Dropout: y = dropout(x), or y += dropout(x) with `accumulate`; y may be x. Also maps dy to dx.
  /// **Shapes.** x, y [rows,d].
  static void dropout(Index rows, Index d, const Real* x, const Dropout& dropout, Index rows_per_sample,
                      bool accumulate, Real* y) {
    parallel_blocks(rows, row_block, [&](Index begin, Index end) {
      Real* factor = thread_scratch<Real, Scratch::Rows>(static_cast<std::size_t>(d));
      for (Index i = begin; i < end; ++i) {
        dropout_row(dropout, i / rows_per_sample, static_cast<std::uint32_t>(i % rows_per_sample), d, factor);
        const Real* in = x + i * d;
        Real* out = y + i * d;
        if (accumulate) {
          CTP_SIMD
          for (Index j = 0; j < d; ++j) out[j] += factor[j] * in[j];
        } else {
          CTP_SIMD
          for (Index j = 0; j < d; ++j) out[j] = factor[j] * in[j];
        }
      }
    });
  }

 private:
  static constexpr Index row_block = 32;
};

}  // namespace ctp::backend::generic
