/// @file   ctp/data/codec/decode_gif.hpp
/// @brief  Decoding of the first frame of a GIF file, bit-identical to Pillow.
/// @layer  data
///
/// stb_image is not used: it neither keeps the colours under transparent pixels nor fills the canvas as Pillow does.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <ctp/data/codec/decode_errors.hpp>
#include <ctp/data/codec/decode_limits.hpp>
#include <ctp/data/codec/png_structure.hpp>
#include <ctp/data/image/image.hpp>

namespace ctp::data::detail {

/// The first frame of a GIF file: palette indices within a canvas.
struct GifFrame {
  std::int64_t canvas_width = 0, canvas_height = 0;
  std::size_t left = 0, top = 0, width = 0, height = 0;
  bool interlaced = false;
  int transparent = -1;  ///< palette index, or -1
  Palette palette{};
  std::vector<std::uint8_t> indices;  ///< in the order of the file
};

/// @brief Unpacks LZW codes of increasing length, the compression of GIF.
///
/// `packed`: the bytes of all blocks. Returns at most `wanted` values; fewer if the codes end early or are wrong. The
/// memory follows what the codes give, not `wanted`.
inline std::vector<std::uint8_t> unpack_lzw(std::span<const std::uint8_t> packed, unsigned bits, std::size_t wanted) {
  struct Entry {
    std::uint16_t before;
    std::uint8_t value, first;
  };
  std::vector<Entry> table(4096);
  std::vector<std::uint8_t> out;
  std::array<std::uint8_t, 4096> text;
  const unsigned clear = 1U << bits, end = clear + 1;
  for (unsigned i = 0; i < clear; ++i) table[i] = {0, static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i)};
  unsigned next = end + 1, length = bits + 1, last = clear, have = 0;
  std::uint32_t buffer = 0;
  for (std::size_t at = 0; out.size() < wanted;) {
    while (have < length) {
      if (at >= packed.size()) return out;
      buffer |= std::uint32_t{packed[at++]} << have;
      have += 8;
    }
    const unsigned code = buffer & ((1U << length) - 1);
    buffer >>= length;
    have -= length;
    if (code == clear) {
      next = end + 1;
      length = bits + 1;
      last = clear;
      continue;
    }
    const bool fresh = last != clear && code == next && next < 4096;
    if (code == end || (code >= next && !fresh) || (last == clear && code > clear)) return out;
    unsigned place = fresh ? last : code;
    std::size_t n = 0;
    if (fresh) text[n++] = table[last].first;
    for (; place > end; place = table[place].before) text[n++] = table[place].value;
    text[n++] = table[place].value;
    if (last != clear && next < 4096) {
      table[next] = {static_cast<std::uint16_t>(last), text[n - 1], table[last].first};
      if (++next == (1U << length) && length < 12) ++length;
    }
    last = code;
    for (; n > 0 && out.size() < wanted; --n) out.push_back(text[n - 1]);
  }
  return out;
}

/// Parser of one file; see gif_frame().
class GifWalk {
 public:
  GifWalk(std::span<const std::byte> bytes, const std::string& file, const DecodeLimits& limits)
      : bytes_(bytes), file_(file), limits_(limits) {}

  GifFrame run() {
    GifFrame frame;
    position_ = 6;
    frame.canvas_width = word();
    frame.canvas_height = word();
    const unsigned flags = byte();
    position_ += 2;
    for (std::size_t i = 0; i < frame.palette.size(); ++i) frame.palette[i] = static_cast<std::uint8_t>(i / 3);
    if ((flags & 128U) != 0) palette(flags, frame.palette);
    for (;;) {
      const unsigned kind = byte();
      if (kind == ';') bad_image(file_, "GIF", "no picture");
      if (kind == '!') extension(frame);
      if (kind == ',') break;
    }
    frame.left = word();
    frame.top = word();
    frame.width = word();
    frame.height = word();
    const unsigned local = byte();
    frame.interlaced = (local & 64U) != 0;
    if (frame.width == 0 || frame.height == 0) bad_image(file_, "GIF", "a frame without pixels");
    frame.canvas_width =
        std::max<std::int64_t>(frame.canvas_width, static_cast<std::int64_t>(frame.left + frame.width));
    frame.canvas_height =
        std::max<std::int64_t>(frame.canvas_height, static_cast<std::int64_t>(frame.top + frame.height));
    require_within(limits_, file_, frame.canvas_width, frame.canvas_height);
    if ((local & 128U) != 0) {
      for (std::size_t i = 0; i < frame.palette.size(); ++i) frame.palette[i] = static_cast<std::uint8_t>(i / 3);
      palette(local, frame.palette);
    }
    const unsigned bits = byte();
    if (bits < 1 || bits > 11) bad_image(file_, "GIF", "codes of " + std::to_string(bits) + " bits");
    std::vector<std::uint8_t> packed;
    while (position_ < bytes_.size()) {  // a file may end here if all pixels are there
      std::size_t n = byte();
      if (n == 0) break;
      n = std::min(n, bytes_.size() - position_);
      for (std::size_t i = 0; i < n; ++i) packed.push_back(static_cast<std::uint8_t>(byte()));
    }
    frame.indices = unpack_lzw(packed, bits, frame.width * frame.height);
    if (frame.indices.size() < frame.width * frame.height) {
      bad_image(file_, "GIF", "too little picture data (truncated or damaged)", "fetch the file again");
    }
    return frame;
  }

 private:
  unsigned byte() {
    if (position_ >= bytes_.size()) {
      bad_image(file_, "GIF", "a file that ends after " + std::to_string(bytes_.size()) + " bytes (truncated)",
                "fetch the file again");
    }
    return std::to_integer<unsigned>(bytes_[position_++]);
  }
  unsigned word() {
    const unsigned low = byte();
    return low + 256 * byte();
  }
  void palette(unsigned flags, Palette& to) {
    const std::size_t n = std::size_t{3} << ((flags & 7U) + 1);
    for (std::size_t i = 0; i < n; ++i) to[i] = static_cast<std::uint8_t>(byte());
  }
  void extension(GifFrame& frame) {
    const unsigned label = byte();
    bool first = true;
    for (std::size_t n = byte(); n != 0; n = byte()) {
      if (label == 0xF9 && first && n >= 4) {
        const unsigned flags = byte();
        position_ += 2;
        const unsigned index = byte();
        if ((flags & 1U) != 0) frame.transparent = static_cast<int>(index);
        n -= 4;
      }
      first = false;
      position_ += n;
    }
  }

  std::span<const std::byte> bytes_;
  const std::string& file_;
  const DecodeLimits& limits_;
  std::size_t position_ = 0;
};

/// @brief Decodes the first frame of a GIF file on its canvas. Uncovered pixels have the transparent colour, or else
/// the first colour of the palette.
///
/// **Errors.** DataError: truncated, damaged, above the limits.
inline Image decode_gif(std::span<const std::byte> bytes, const std::string& file, const DecodeLimits& limits = {},
                        AlphaPlane alpha = nullptr) {
  const GifFrame frame = GifWalk(bytes, file, limits).run();
  Image image = allocate_image(file, static_cast<int>(frame.canvas_width), static_cast<int>(frame.canvas_height));
  const auto width = static_cast<std::size_t>(image.width);
  const bool opacity = alpha != nullptr && frame.transparent >= 0;
  if (opacity) alpha->assign(image.rgb.size() / 3, 0);
  const std::uint8_t* const under =
      frame.palette.data() + std::size_t{3} * static_cast<std::size_t>(std::max(0, frame.transparent));
  for (std::size_t i = 0; i < image.rgb.size(); i += 3) std::copy_n(under, 3, image.rgb.data() + i);

  std::vector<std::size_t> rows;
  if (frame.interlaced) {
    for (const auto& [from, step] : {std::array<std::size_t, 2>{0, 8}, {4, 8}, {2, 4}, {1, 2}}) {
      for (std::size_t y = from; y < frame.height; y += step) rows.push_back(y);
    }
  } else {
    for (std::size_t y = 0; y < frame.height; ++y) rows.push_back(y);
  }
  const std::uint8_t* index = frame.indices.data();
  for (const std::size_t y : rows) {
    const std::size_t begin = (frame.top + y) * width + frame.left;
    for (std::size_t x = 0; x < frame.width; ++x, ++index) {
      std::copy_n(frame.palette.data() + std::size_t{3} * *index, 3, image.rgb.data() + 3 * (begin + x));
      if (opacity) (*alpha)[begin + x] = *index == frame.transparent ? 0 : 255;
    }
  }
  return image;
}

}  // namespace ctp::data::detail
