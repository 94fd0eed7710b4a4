/// @file   ctp/backend/cuda/kernel/attention_head.hpp
/// @brief  Where one head of one sample lies among the operands of an attention.
/// @layer  backend
#pragma once

#include <ctp/backend/attention_shape.hpp>
#include <ctp/backend/cuda/kernel/dropout.hpp>

namespace ctp::backend::cuda::kernel {

/// The head of a block and where its rows begin.
struct Head {
  Index b, h;
  CTP_HD Head(Index block, const AttentionShape& s) : b(block / s.heads), h(block % s.heads) {}
  [[nodiscard]] CTP_HD Index q(const AttentionShape& s) const { return b * s.queries * s.q_stride + h * s.width; }
  [[nodiscard]] CTP_HD Index k(const AttentionShape& s) const { return b * s.keys * s.k_stride + h * s.width; }
  [[nodiscard]] CTP_HD Index v(const AttentionShape& s) const { return b * s.keys * s.v_stride + h * s.width; }
  [[nodiscard]] CTP_HD Index o(const AttentionShape& s) const { return (b * s.queries * s.heads + h) * s.width; }
  /// Of query `i` among the numbers that there is one of for each query of each head.
  [[nodiscard]] CTP_HD Index row(const AttentionShape& s, Index i) const { return (b * s.heads + h) * s.queries + i; }
};

template <class Real>
CTP_HD Real attention_factor(const Dropout& dropout, const AttentionShape& s, const Head& head, Index i, Index j) {
  return factor_or_one<Real>(dropout, head.b, head.h * s.queries + i, s.keys, j);
}

}  // namespace ctp::backend::cuda::kernel
