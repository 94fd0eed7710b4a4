/// @file   ctp/data/codec/background.hpp
/// @brief  Transparent pixels: found, and composed with a background.
/// @layer  data
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <ctp/data/codec/decode.hpp>
#include <ctp/data/codec/decode_limits.hpp>
#include <ctp/data/image/image.hpp>

namespace ctp::data {

/// True if a pixel of `picture` is not opaque.
inline bool has_transparency(const Picture& picture) {
  return std::any_of(picture.alpha.begin(), picture.alpha.end(), [](std::uint8_t a) { return a < 255; });
}

/// True if a pixel of the file is not opaque. **Errors.** as decode_image().
inline bool has_transparency(std::span<const std::byte> bytes, const std::string& file,
                             const DecodeLimits& limits = {}) {
  return has_transparency(decode_picture(bytes, file, limits));
}

/// @brief One colour over a background, in the stored values.
///
/// **Source.** Equal to Pillow's alpha_composite() onto an opaque picture, measured for all 2^24 arguments.
inline std::uint8_t compose(std::uint8_t colour, std::uint8_t alpha, std::uint8_t background) {
  const std::uint32_t over = std::uint32_t{alpha} * 128, under = 255U * 128 - over;
  const std::uint32_t sum = colour * over + background * under + (0x80U << 7U);
  return static_cast<std::uint8_t>(((sum >> 8U) + sum) >> 15U);
}

/// The picture over a uniform grey background.
inline Image laid_on(Picture picture, std::uint8_t grey) {
  for (std::size_t i = 0; i < picture.alpha.size(); ++i) {
    const std::uint8_t alpha = picture.alpha[i];
    if (alpha == 255) continue;
    for (std::size_t c = 0; c < 3; ++c) {
      std::uint8_t& value = picture.image.rgb[3 * i + c];
      value = compose(value, alpha, grey);
    }
  }
  return std::move(picture.image);
}

/// @brief Decodes a picture file. `background`: the grey level behind transparent pixels; without it transparency is
/// dropped, as in the published reader, which shows the colours stored under transparent pixels.
///
/// **Errors.** as decode_image().
inline Image decode_on(std::span<const std::byte> bytes, const std::string& file,
                       std::optional<std::uint8_t> background, const DecodeLimits& limits = {}) {
  if (!background) return decode_image(bytes, file, limits);
  return laid_on(decode_picture(bytes, file, limits), *background);
}

}  // namespace ctp::data
