/// @file   ctp/data/codec/png_structure.hpp
/// @brief  Parses the chunks of a PNG file and rejects files that are unsafe for a decoder.
/// @layer  data
#pragma once

#include <algorithm>
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
  bool interlaced = false;
  bool complete = true;                     ///< false: the file ends behind its picture data, without the end chunk
  std::span<const std::byte> transparency;  ///< tRNS: alpha of palette entries, or the transparent colour; or empty
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

/// True if a chunk can have this type: Pillow and libpng end the file at any other.
inline bool png_type(std::string_view type) {
  return std::all_of(type.begin(), type.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
}

/// True for the combinations of depth and colour type that PNG has. **Source.** ISO/IEC 15948, 11.2.2.
inline bool png_kind(int depth, int colour) {
  const bool small = depth == 1 || depth == 2 || depth == 4;
  switch (colour) {
    case 0:
      return small || depth == 8 || depth == 16;
    case 3:
      return small || depth == 8;
    case 2:
    case 4:
    case 6:
      return depth == 8 || depth == 16;
    default:
      return false;
  }
}

/// True if a palette chunk can have this length.
inline bool png_palette_length(std::size_t length) { return length > 0 && length % 3 == 0 && length <= 768; }

/// @brief The chunks of a PNG file up to and including IEND, checked as far as possible without decoding pixels.
///
/// As in Pillow, a file may end behind its last IDAT chunk: without IEND, with a part of it, or with stray bytes in its
/// place. The last IDAT chunk itself may be cut. Whether all pixels are there is seen when the data is unpacked.
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
    const std::size_t length = left < 8 ? 0 : word(position);
    const std::string_view type(reinterpret_cast<const char*>(bytes.data()) + position + 4, left < 8 ? 0 : 4);
    if (data && (left < 8 || !png_type(type) || (type == "IEND" && left < 12))) {
      png.complete = false;
      break;
    }
    if (type == "IDAT" && left > 8 && length > 0 && (left < 12 || length > left - 12)) {  // cut in its data or checksum
      PngChunk cut;
      cut.covered = bytes.subspan(position + 4, 4 + std::min(length, left - 8));
      cut.data = cut.covered.subspan(4);
      cut.type = type;
      cut.checksum = png_checksum(cut.covered);
      if (png.chunks.empty()) bad_image(file, "PNG", "no header, or more than one");
      png.chunks.push_back(cut);
      png.complete = false;
      data = true;
      break;
    }
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
      png.interlaced = std::to_integer<int>(chunk.data[12]) != 0;
      if (!png_kind(png.depth, png.colour)) {
        bad_image(file, "PNG",
                  "depth " + std::to_string(png.depth) + " with colour type " + std::to_string(png.colour));
      }
    }
    if (chunk.type == "PLTE") {
      if (palette || data || !png_palette_length(length)) bad_image(file, "PNG", "a bad palette");
      palette = true;
    }
    if (chunk.type == "tRNS" && !data) png.transparency = chunk.data;
    data = data || (chunk.type == "IDAT" && length > 0);
    end = chunk.type == "IEND";
    position += 12 + length;
    png.chunks.push_back(chunk);
  }
  if (!data) bad_image(file, "PNG", "no picture data");
  const std::size_t key = png.transparency.size();
  if ((png.colour == 0 && key != 2) || (png.colour == 2 && key != 6) || png.colour > 3) png.transparency = {};
  if (png.colour == 3 && key > 256) png.transparency = {};
  if (png.colour == 3 && !palette) bad_image(file, "PNG", "palette colours without a palette");
  return png;
}

/// Columns and rows of the passes of a picture; the seven passes of an interlaced picture may be empty.
inline std::vector<std::array<std::size_t, 2>> png_passes(const PngStructure& png) {
  const auto width = static_cast<std::size_t>(png.width), height = static_cast<std::size_t>(png.height);
  if (!png.interlaced) return {{width, height}};
  constexpr std::size_t from_x[] = {0, 4, 0, 2, 0, 1, 0}, from_y[] = {0, 0, 4, 0, 2, 0, 1};
  constexpr std::size_t step_x[] = {8, 8, 4, 4, 2, 2, 1}, step_y[] = {8, 8, 8, 4, 4, 2, 2};
  std::vector<std::array<std::size_t, 2>> passes;
  for (std::size_t p = 0; p < 7; ++p) {
    passes.push_back(
        {(width + step_x[p] - 1 - from_x[p]) / step_x[p], (height + step_y[p] - 1 - from_y[p]) / step_y[p]});
  }
  return passes;
}

/// Rows of all passes: the number of rows that a decoder unpacks.
inline std::size_t png_rows(const PngStructure& png) {
  std::size_t rows = 0;
  for (const auto& [columns, lines] : png_passes(png)) rows += columns == 0 ? 0 : lines;
  return rows;
}

/// @brief A copy of the PNG file with only the chunks that make its picture, and an end chunk.
///
/// `palette`: takes the place of the file's palette; empty: the file's own. `transparency`: with the tRNS chunk.
inline std::vector<std::byte> rebuilt_png(const PngStructure& png, std::span<const std::uint8_t> palette,
                                          bool transparency) {
  const auto signature = std::as_bytes(std::span(png_signature));
  std::vector<std::byte> out(signature.begin(), signature.end());
  const auto put = [&](std::span<const std::byte> bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); };
  const auto put_word = [&](std::size_t value) {
    for (const unsigned shift : {24U, 16U, 8U, 0U}) out.push_back(static_cast<std::byte>((value >> shift) & 255U));
  };
  const auto put_chunk = [&](std::string_view type, std::span<const std::byte> data) {
    put_word(data.size());
    const std::size_t from = out.size();
    put(std::as_bytes(std::span(type)));
    put(data);
    put_word(png_checksum(std::span(out).subspan(from)));
  };
  bool first = true;
  for (const PngChunk& chunk : png.chunks) {
    if (chunk.type == "IDAT") {
      if (first && transparency && !png.transparency.empty()) put_chunk("tRNS", png.transparency);
      first = false;
    }
    if (chunk.type == "PLTE" && !palette.empty()) {
      put_chunk("PLTE", std::as_bytes(palette));
    } else if (chunk.type == "IHDR" || chunk.type == "PLTE" || chunk.type == "IDAT") {
      put_word(chunk.data.size());
      put(chunk.covered);
      put_word(chunk.checksum);
    }
  }
  put_chunk("IEND", {});
  return out;
}

}  // namespace ctp::data::detail
