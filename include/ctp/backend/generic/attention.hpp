/// @file   ctp/backend/generic/attention.hpp
/// @brief  Multi-head attention on host memory, one head at a time.
/// @layer  backend
#pragma once

#include <algorithm>
#include <cmath>

#include <ctp/backend/attention_shape.hpp>
#include <ctp/backend/dropout.hpp>
#include <ctp/core/functional.hpp>
#include <ctp/core/parallel.hpp>
#include <ctp/core/scratch.hpp>

namespace ctp::backend::generic {

/// @brief Multi-head attention of a host backend. Derived provides block_product().
template <class Derived, class Real>
struct AttentionOps {
  /// Number of values that the forward pass saves for the backward pass, beside its arguments and its result.
  static constexpr Index attention_saved(const AttentionShape& s) { return s.batch * s.heads * s.queries * s.keys; }

  /// @brief Multi-head attention: o = dropout(softmax(q k^T / sqrt(width) + key_bias)) v for each head.
  ///
  /// **Shapes.** q [batch*queries, >= heads*width], k and v [batch*keys, >= heads*width], o [batch*queries,
  /// heads*width]; key_bias [batch,keys] or null; probabilities [attention_saved()], saved for the backward pass, here
  /// [batch,heads,queries,keys] before dropout, or null if no backward pass follows.
  /// **Source.** Vaswani et al. 2017, arXiv:1706.03762, eq. 1.
  static void attention(const AttentionShape& s, const Real* q, const Real* k, const Real* v, const Real* key_bias,
                        const Dropout& dropout, Real* probabilities, Real* o) {
    const Index area = s.queries * s.keys, o_stride = s.heads * s.width;
    const Real scale = Real(1) / std::sqrt(static_cast<Real>(s.width));
    parallel_for(s.batch * s.heads, [&](Index turn) {
      const Index b = turn / s.heads, h = turn % s.heads;
      Real* scratch = thread_scratch<Real, Scratch::Attention>(static_cast<std::size_t>(2 * area + s.keys));
      Real* p = probabilities == nullptr ? scratch : probabilities + turn * area;
      std::fill_n(p, area, Real(0));
      Derived::block_product(false, true, s.queries, s.keys, s.width, scale,
                             q + b * s.queries * s.q_stride + h * s.width, s.q_stride,
                             k + b * s.keys * s.k_stride + h * s.width, s.k_stride, p, s.keys);
      for (Index i = 0; i < s.queries; ++i)
        softmax(s.keys, p + i * s.keys, key_bias == nullptr ? nullptr : key_bias + b * s.keys);
      const Real* used = p;
      if (dropout.active()) {
        drop(s, b, h, dropout, p, scratch + area, scratch + 2 * area);
        used = scratch + area;
      }
      Real* out = o + b * s.queries * o_stride + h * s.width;
      for (Index i = 0; i < s.queries; ++i) std::fill_n(out + i * o_stride, s.width, Real(0));
      Derived::block_product(false, false, s.queries, s.width, s.keys, Real(1), used, s.keys,
                             v + b * s.keys * s.v_stride + h * s.width, s.v_stride, out, o_stride);
    });
  }

  /// @brief Attention backward: adds the gradients of attention() to dq, dk and dv (laid out as q, k, v; each may be
  /// null). `overwrite_grad`: all three are written, not added to.
  static void attention_backward(const AttentionShape& s, const Real* q, const Real* k, const Real* v,
                                 const Real* /*key_bias*/, const Dropout& dropout, const Real* probabilities,
                                 const Real* /*o*/, const Real* d_o, bool overwrite_grad, Real* dq, Real* dk,
                                 Real* dv) {
    const Index area = s.queries * s.keys, o_stride = s.heads * s.width;
    const Real scale = Real(1) / std::sqrt(static_cast<Real>(s.width));
    parallel_for(s.batch * s.heads, [&](Index turn) {
      const Index b = turn / s.heads, h = turn % s.heads;
      Real* ds = thread_scratch<Real, Scratch::Attention>(static_cast<std::size_t>(2 * area + s.keys));
      Real* dropped = ds + area;
      Real* factor = dropped + area;
      const Real* p = probabilities + turn * area;
      const Real* g = d_o + b * s.queries * o_stride + h * s.width;
      const Index at_q = b * s.queries * s.q_stride + h * s.width, at_k = b * s.keys * s.k_stride + h * s.width,
                  at_v = b * s.keys * s.v_stride + h * s.width;
      if (overwrite_grad) {
        zero_rows(s.queries, s.width, s.q_stride, dq, at_q);
        zero_rows(s.keys, s.width, s.k_stride, dk, at_k);
        zero_rows(s.keys, s.width, s.v_stride, dv, at_v);
      }
      const Real* used = p;
      if (dropout.active()) {
        drop(s, b, h, dropout, p, dropped, factor);
        used = dropped;
      }
      if (dv != nullptr)
        Derived::block_product(true, false, s.keys, s.width, s.queries, Real(1), used, s.keys, g, o_stride, dv + at_v,
                               s.v_stride);
      if (dq == nullptr && dk == nullptr) return;
      std::fill_n(ds, area, Real(0));
      Derived::block_product(false, true, s.queries, s.keys, s.width, Real(1), g, o_stride, v + at_v, s.v_stride, ds,
                             s.keys);
      for (Index i = 0; i < s.queries; ++i) {
        Real* row = ds + i * s.keys;
        const Real* pr = p + i * s.keys;
        if (dropout.active()) {
          dropout_row(dropout, b, static_cast<std::uint32_t>(h * s.queries + i), s.keys, factor);
          CTP_SIMD
          for (Index j = 0; j < s.keys; ++j) row[j] *= factor[j];
        }
        Real dot = 0;
        CTP_SIMD_SUM(dot)
        for (Index j = 0; j < s.keys; ++j) dot += row[j] * pr[j];
        CTP_SIMD
        for (Index j = 0; j < s.keys; ++j) row[j] = pr[j] * (row[j] - dot);
      }
      if (dq != nullptr)
        Derived::block_product(false, false, s.queries, s.width, s.keys, scale, ds, s.keys, k + at_k, s.k_stride,
                               dq + at_q, s.q_stride);
      if (dk != nullptr)
        Derived::block_product(true, false, s.keys, s.width, s.queries, scale, ds, s.keys, q + at_q, s.q_stride,
                               dk + at_k, s.k_stride);
    });
  }

 private:
  /// Zeroes the rows of one head that begin at element `at` of x, if x is not null.
  static void zero_rows(Index rows, Index width, Index stride, Real* x, Index at) {
    if (x == nullptr) return;
    for (Index i = 0; i < rows; ++i) std::fill_n(x + at + i * stride, width, Real(0));
  }

  static void softmax(Index n, Real* x, const Real* bias) {
    if (bias != nullptr) {
      CTP_SIMD
      for (Index j = 0; j < n; ++j) x[j] += bias[j];
    }
    Real top = x[0];
    CTP_SIMD_MAX(top)
    for (Index j = 0; j < n; ++j) top = x[j] > top ? x[j] : top;
    Real total = 0;
    CTP_SIMD_SUM(total)
    for (Index j = 0; j < n; ++j) {
      x[j] = fn::exp(x[j] - top);
      total += x[j];
    }
    const Real inverse = Real(1) / total;
    CTP_SIMD
    for (Index j = 0; j < n; ++j) x[j] *= inverse;
  }

  static void drop(const AttentionShape& s, Index b, Index h, const Dropout& dropout, const Real* p, Real* out,
                   Real* factor) {
    for (Index i = 0; i < s.queries; ++i) {
      dropout_row(dropout, b, static_cast<std::uint32_t>(h * s.queries + i), s.keys, factor);
      CTP_SIMD
      for (Index j = 0; j < s.keys; ++j) out[i * s.keys + j] = factor[j] * p[i * s.keys + j];
    }
  }
};

}  // namespace ctp::backend::generic
