/// @file   ctp/data/codec/png_structure.hpp
/// @brief  Parses the chunks of a PNG file and rejects files that are unsafe for a decoder.
/// @layer  data
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ctp/data/codec/decode_errors.hpp>
#include <ctp/data/codec/decode_limits.hpp>

namespace ctp::data::detail {

/// One chunk: its four-letter type, its data, and the checksum stored in the file.
struct PngChunk {
  std::string_view type;
  std::span<const std::byte> covered;  ///< type and data: the range of the checksum
  std::span<const std::byte> data;
  std::uint32_t checksum = 0;
};

/// Header fields and chunks of a PNG file.
struct PngStructure {
  int width = 0, height = 0;
  int depth = 0;   ///< bits of one sample
  int colour = 0;  ///< 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha
  std::vector<PngChunk> chunks;
};

/// The first eight bytes of every PNG file.
inline constexpr std::string_view png_signature = "\x89PNG\r\n\x1A\n";

/// The 256 RGB colours of a palette image. An entry missing from the file is the grey of its index.
using Palette = std::array<std::uint8_t, 768>;

inline Palette png_palette(const PngStructure& png) {
  Palette palette{};
  for (std::size_t i = 0; i < palette.size(); ++i) palette[i] = static_cast<std::uint8_t>(i / 3);
  for (const PngChunk& chunk : png.chunks) {
    if (chunk.type != "PLTE") continue;
    for (std::size_t i = 0; i < chunk.data.size() && i < palette.size(); ++i) {
      palette[i] = std::to_integer<std::uint8_t>(chunk.data[i]);
    }
  }
  return palette;
}

/// CRC-32, the checksum of PNG chunks. **Source.** ISO/IEC 15948, annex D.
inline std::uint32_t png_checksum(std::span<const std::byte> bytes) {
  static const std::array<std::uint32_t, 256> table = [] {
    std::array<std::uint32_t, 256> t{};
    for (std::uint32_t n = 0; n < 256; ++n) {
      std::uint32_t c = n;
      for (int bit = 0; bit < 8; ++bit) c = (c & 1U) != 0 ? 0xEDB88320U ^ (c >> 1U) : c >> 1U;
      t[n] = c;
    }
    return t;
  }();
  std::uint32_t c = 0xFFFFFFFFU;
  for (const std::byte b : bytes) c = table[(c ^ std::to_integer<std::uint32_t>(b)) & 255U] ^ (c >> 8U);
  return ~c;
}

/// @brief The chunks of a PNG file up to and including IEND, checked as far as possible without decoding pixels.
///
/// **Errors.** DataError: truncated file, size above the limits, a combination of depth and colour type that PNG does
/// not have, no picture data, palette colours without a palette.
inline PngStructure png_structure(std::span<const std::byte> bytes, const std::string& file,
                                  const DecodeLimits& limits) {
  const auto word = [&](std::size_t i) {
    std::uint32_t value = 0;
    for (std::size_t k = 0; k < 4; ++k) value = (value << 8U) | std::to_integer<std::uint32_t>(bytes[i + k]);
    return value;
  };
  PngStructure png;
  bool data = false, palette = false, end = false;
  std::size_t position = png_signature.size();
  while (!end) {
    const std::size_t left = position <= bytes.size() ? bytes.size() - position : 0;
    const std::size_t length = left < 12 ? 0 : word(position);
    if (left < 12 || length > left - 12) {
      bad_image(file, "PNG", "a file that ends after " + std::to_string(bytes.size()) + " bytes (truncated)",
                "fetch the file again");
    }
    PngChunk chunk;
    chunk.covered = bytes.subspan(position + 4, 4 + length);
    chunk.data = chunk.covered.subspan(4);
    chunk.type = {reinterpret_cast<const char*>(chunk.covered.data()), 4};
    chunk.checksum = word(position + 8 + length);
    if (png.chunks.empty() != (chunk.type == "IHDR")) bad_image(file, "PNG", "no header, or more than one");
    if (chunk.type == "IHDR") {
      if (length != 13) bad_image(file, "PNG", "a header of " + std::to_string(length) + " bytes");
      require_within(limits, file, word(position + 8), word(position + 12));
      png.width = static_cast<int>(word(position + 8));
      png.height = static_cast<int>(word(position + 12));
      png.depth = std::to_integer<int>(chunk.data[8]);
      png.colour = std::to_integer<int>(chunk.data[9]);
      const bool small = png.depth == 1 || png.depth == 2 || png.depth == 4;
      const bool known =
          (png.depth == 8 &&
           (png.colour == 0 || png.colour == 2 || png.colour == 3 || png.colour == 4 || png.colour == 6)) ||
          (small && (png.colour == 0 || png.colour == 3)) ||
          (png.depth == 16 && (png.colour == 0 || png.colour == 2 || png.colour == 4 || png.colour == 6));
      if (!known) {
        bad_image(file, "PNG",
                  "depth " + std::to_string(png.depth) + " with colour type " + std::to_string(png.colour));
      }
    }
    if (chunk.type == "PLTE") {
      if (palette || data || length == 0 || length % 3 != 0 || length > 768) bad_image(file, "PNG", "a bad palette");
      palette = true;
    }
    data = data || (chunk.type == "IDAT" && length > 0);
    end = chunk.type == "IEND";
    position += 12 + length;
    png.chunks.push_back(chunk);
  }
  if (!data) bad_image(file, "PNG", "no picture data");
  if (png.colour == 3 && !palette) bad_image(file, "PNG", "palette colours without a palette");
  return png;
}

}  // namespace ctp::data::detail
