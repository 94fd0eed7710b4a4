/// @file   ctp/backend/cuda/kernel/dropout.hpp
/// @brief  The dropout factor of one element, for kernels.
/// @layer  backend
#pragma once

#include <cstdint>

#include <ctp/backend/dropout.hpp>
#include <ctp/core/philox.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::backend::cuda {

/// @brief The factor, 0 or scale(), of element `column` of `columns` in row `row` of a sample's activations; equal to
/// the factor that dropout_row() writes. `ordinal` is dropout.sample[entry].
template <class Real>
CTP_HD Real dropout_factor(const Dropout& dropout, std::uint32_t ordinal, Index row, Index columns, Index column) {
  constexpr Index chunk = 128, lanes = 16;
  const Index chunks = (columns + chunk - 1) / chunk, within = column % chunk;
  const Index block = lanes * (row * chunks + column / chunk) + column % lanes;
  std::uint32_t word[4] = {static_cast<std::uint32_t>(block), dropout.dropout_id, ordinal,
                           (dropout.task << 16U) | (dropout.epoch & 0xFFFFU)};
  philox4x32(word, dropout.key.low, dropout.key.high);
  const Index which = within % (chunk / 2) / lanes;
  // Constant indices only, so that the four words stay in registers.
  const std::uint32_t w = which < 2 ? (which == 0 ? word[0] : word[1]) : (which == 2 ? word[2] : word[3]);
  const std::uint32_t bits = within < chunk / 2 ? w & 0xFFFFU : w >> 16U;
  return bits >= dropout.threshold() ? static_cast<Real>(dropout.scale()) : Real(0);
}

/// dropout_factor(), or 1 if the layer is not active.
template <class Real>
CTP_HD Real factor_or_one(const Dropout& dropout, Index entry, Index row, Index columns, Index column) {
  return dropout.active() ? dropout_factor<Real>(dropout, dropout.sample[entry], row, columns, column) : Real(1);
}

}  // namespace ctp::backend::cuda
