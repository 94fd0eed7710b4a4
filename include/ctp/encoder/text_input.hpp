/// @file   ctp/encoder/text_input.hpp
/// @brief  What a text encoder reads.
/// @layer  encoder
#pragma once

#include <cstdint>

#include <ctp/tensor/tensor.hpp>

namespace ctp::encoder {

/// A batch of token ids with what depends on it.
template <class B>
struct TextInput {
  Tensor<const std::int32_t, 2, B> ids;           ///< [B,L]
  Tensor<const typename B::Real, 2, B> key_bias;  ///< [B,L], 0 at tokens, -10000 at padding
  std::uint32_t first_lane = 0;                   ///< the dropout lanes of this reading begin here
};

}  // namespace ctp::encoder
