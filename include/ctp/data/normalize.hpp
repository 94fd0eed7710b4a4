/// @file   ctp/data/normalize.hpp
/// @brief  From pixels to what an image encoder reads.
/// @layer  data - may include: core
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <ctp/data/image.hpp>

namespace ctp::data {

/// Mean and standard deviation of red, green and blue over CLIP's training images, of values from 0 to 1.
inline constexpr std::array<float, 3> clip_mean{0.48145466F, 0.4578275F, 0.40821073F};
inline constexpr std::array<float, 3> clip_deviation{0.26862954F, 0.26130258F, 0.27577711F};

/// @brief out[c][y][x] = (rgb[y][x][c] / 255 - mean[c]) / deviation[c], in the order and precision of PyTorch.
///
/// **Shapes.** image: [H, W, 3]; out: [3, H, W], caller's memory.
/// **Source.** Radford et al. 2021, arXiv:2103.00020, released code; equal to torchvision's ToTensor and Normalize.
inline void normalize_chw(const Image& image, float* out) {
  require_pixels(image, "normalize_chw");
  static const auto table = [] {
    std::array<std::array<float, 256>, 3> t{};
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t v = 0; v < 256; ++v)
        t[c][v] = (static_cast<float>(v) / 255.0F - clip_mean[c]) / clip_deviation[c];
    }
    return t;
  }();
  const std::size_t pixels = image.rgb.size() / 3;
  const std::uint8_t* const rgb = image.rgb.data();
  for (std::size_t c = 0; c < 3; ++c) {
    const float* const values = table[c].data();
    float* const plane = out + c * pixels;
    for (std::size_t i = 0; i < pixels; ++i) plane[i] = values[rgb[3 * i + c]];
  }
}

}  // namespace ctp::data
