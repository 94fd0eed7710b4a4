/// @file   ctp/backend/normalization.hpp
/// @brief  Normalisation of pixels: bytes to the input of an image encoder.
/// @layer  backend
#pragma once

#include <cstdint>

#include <ctp/config.hpp>

namespace ctp::backend {

/// Mean of a channel of CLIP's training images, of values from 0 to 1. `channel`: 0 red, 1 green, 2 blue.
CTP_HD constexpr float channel_mean(int channel) {
  return channel == 0 ? 0.48145466F : channel == 1 ? 0.4578275F : 0.40821073F;
}
/// Standard deviation, as channel_mean().
CTP_HD constexpr float channel_deviation(int channel) {
  return channel == 0 ? 0.26862954F : channel == 1 ? 0.26130258F : 0.27577711F;
}

/// @brief Normalised pixel: (value / 255 - mean) / deviation, in the order and precision of PyTorch. Every backend
/// gives the same bits.
///
/// `channel`: 0 red, 1 green, 2 blue. Mean and standard deviation of CLIP's training images.
/// **Source.** Radford et al. 2021, arXiv:2103.00020, released code; equal to torchvision's ToTensor and Normalize.
CTP_HD constexpr float normalized(std::uint8_t value, int channel) {
  return (static_cast<float>(value) / 255.0F - channel_mean(channel)) / channel_deviation(channel);
}

}  // namespace ctp::backend
