/// @file   ctp/data/codec/transparency.hpp
/// @brief  Transparent pixels of picture files: found, and laid on a background.
/// @layer  data
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <ctp/data/codec/decode.hpp>
#include <ctp/data/codec/decode_limits.hpp>
#include <ctp/data/codec/encode.hpp>
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

/// A picture file without opacity.
struct Flattened {
  std::vector<std::byte> bytes;   ///< the file itself if it stores no opacity; else a PNG file of 8-bit RGB
  bool had_transparency = false;  ///< a pixel of the file was not opaque
};

/// @brief The picture file over a uniform grey background. A file that stores no opacity stays byte for byte.
///
/// **Errors.** as decode_image(): every file is decoded.
inline Flattened lay_on_background(std::span<const std::byte> bytes, const std::string& file, std::uint8_t grey,
                                   const DecodeLimits& limits = {}) {
  Picture picture = decode_picture(bytes, file, limits);
  if (picture.alpha.empty()) return {{bytes.begin(), bytes.end()}, false};
  const bool transparent = has_transparency(picture);
  return {encode_png(laid_on(std::move(picture), grey)), transparent};
}

}  // namespace ctp::data
