/// @file   ctp/backend/cuda/kernel/score_terms.hpp
/// @brief  Terms of attention's scores in units of log 2, and dropout of a warp's weights.
/// @layer  backend
#pragma once

#include <ctp/backend/cuda/kernel/elementary.hpp>
#include <ctp/backend/cuda/kernel/kept_bits.hpp>
#include <ctp/backend/cuda/kernel/tensor_form.hpp>
#include <ctp/config.hpp>

namespace ctp::backend::cuda::kernel {

/// log2(e) / sqrt(Width): the factor of a score whose softmax uses powers of two.
template <int Width>
CTP_HD constexpr float score_scale() {
  static_assert(Width == 32 || Width == 64);
  return Width == 64 ? log2_e * 0.125F : log2_e * 0.176776695F;
}

/// The bias of key `j`, or 0 without bias, in units of log 2.
CTP_HD inline float bias_in_log2(const float* key_bias, Index j) {
  return key_bias != nullptr ? log2_e * key_bias[j] : 0.F;
}

/// Multiplies a warp's results [16, Columns] by the dropout factors, 0 or `scale`, of rows `row` on and columns
/// `column` on. `column` is a multiple of 16, and the columns are in one chunk of KeptBits.
template <int Columns>
CTP_HD void multiply_by_factors(const Fragment& f, const KeptBits& kept, float scale, int row, int column,
                                float (&results)[Columns / 8][4]) {
  CTP_UNROLL
  for (int e = 0; e < 4; ++e) CTP_UNROLL
  for (int odd = 0; odd < 2; ++odd) {
    const std::uint32_t bits = kept.bits(row + f.group + e / 2 * 8, column + odd * 8 + f.pair * 2 + e % 2);
    CTP_UNROLL
    for (int k = 0; k < Columns / 16; ++k)
      results[2 * k + odd][e] *= (bits >> static_cast<unsigned>(k) & 1U) != 0 ? scale : 0.F;
  }
}

}  // namespace ctp::backend::cuda::kernel
