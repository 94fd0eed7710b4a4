/// @file   ctp/backend/cuda/kernel/attention_head.hpp
/// @brief  Offsets of one head of one sample in the operands of an attention.
/// @layer  backend
#pragma once

#include <ctp/backend/attention_shape.hpp>
#include <ctp/backend/cuda/kernel/dropout.hpp>

namespace ctp::backend::cuda::kernel {

/// The head that a block computes, and the offsets of its first rows.
struct Head {
  Index b, h;
  CTP_HD Head(Index block, const AttentionShape& s) : b(block / s.heads), h(block % s.heads) {}
  [[nodiscard]] CTP_HD Index q(const AttentionShape& s) const { return b * s.queries * s.q_stride + h * s.width; }
  [[nodiscard]] CTP_HD Index k(const AttentionShape& s) const { return b * s.keys * s.k_stride + h * s.width; }
  [[nodiscard]] CTP_HD Index v(const AttentionShape& s) const { return b * s.keys * s.v_stride + h * s.width; }
  [[nodiscard]] CTP_HD Index o(const AttentionShape& s) const { return (b * s.queries * s.heads + h) * s.width; }
  /// Index of query `i` in an array [batch, heads, queries].
  [[nodiscard]] CTP_HD Index row(const AttentionShape& s, Index i) const { return (b * s.heads + h) * s.queries + i; }
};

/// Dropout factor of the weight of query `i` and key `j`.
template <class Real>
CTP_HD Real attention_factor(const Dropout& dropout, const AttentionShape& s, const Head& head, Index i, Index j) {
  return factor_or_one<Real>(dropout, head.b, head.h * s.queries + i, s.keys, j);
}

}  // namespace ctp::backend::cuda::kernel
