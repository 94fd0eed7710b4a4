/// @file   ctp/encoder/text_input.hpp
/// @brief  Input of a text encoder: token ids, attention bias and the reading that numbers the dropout layers.
/// @layer  encoder
#pragma once

#include <cstdint>

#include <ctp/tensor/tensor.hpp>

namespace ctp::encoder {

/// A step's forward passes through the text encoder. Each has its own dropout masks.
enum class Reading : std::uint32_t {
  Text,    ///< the text alone
  Masked,  ///< the masked text, fused with its image
  Fused,   ///< the text, fused with its image
};

/// @brief dropout_id of the encoder's first dropout layer in `reading`. Readings are 65536 apart, so an encoder with
/// fewer dropout layers has no dropout_id twice in a step.
constexpr std::uint32_t first_dropout_id(Reading reading) { return static_cast<std::uint32_t>(reading) << 16U; }

/// A batch of token ids, with attention bias and reading.
template <class B>
struct TextInput {
  Tensor<const std::int32_t, 2, B> ids;           ///< [B,L]
  Tensor<const typename B::Real, 2, B> key_bias;  ///< [B,L], 0 at tokens, -10000 at padding
  Reading reading = Reading::Text;

  /// dropout_id of the encoder's dropout layer `layer`, counted from 0. `layer` is below 65536.
  [[nodiscard]] constexpr std::uint32_t dropout_id(std::uint32_t layer) const {
    return first_dropout_id(reading) + layer;
  }
};

}  // namespace ctp::encoder
