/// @file   ctp/data/codec/transparency.hpp
/// @brief  Picture files with transparency, laid on a background.
/// @layer  data
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <ctp/data/codec/background.hpp>
#include <ctp/data/codec/decode.hpp>
#include <ctp/data/codec/decode_limits.hpp>
#include <ctp/data/codec/encode.hpp>

namespace ctp::data {

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
