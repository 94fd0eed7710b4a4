/// @file   ctp/data/codec/decode_bmp.hpp
/// @brief  BMP decoding, bit-identical to Pillow.
/// @layer  data
///
/// stb_image is not used: it does not read run-length coding and takes unused bytes for opacity.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <ctp/data/codec/decode_errors.hpp>
#include <ctp/data/codec/decode_limits.hpp>
#include <ctp/data/codec/image_header.hpp>
#include <ctp/data/codec/png_structure.hpp>
#include <ctp/data/image/image.hpp>

namespace ctp::data::detail {

/// Header fields of a BMP file.
struct BmpStructure {
  std::int64_t width = 0, height = 0;
  bool down = false;  ///< the first row is the top row
  unsigned bits = 0, compression = 0;
  std::array<std::uint32_t, 4> masks{};  ///< red, green, blue, opacity
  Palette palette{};
  std::size_t data = 0;  ///< offset of the pixels
};

/// @brief The header of a BMP file. **Errors.** DataError: truncated, a kind that is not read, above the limits.
inline BmpStructure bmp_structure(std::span<const std::byte> bytes, const std::string& file,
                                  const DecodeLimits& limits) {
  const HeaderBytes in(bytes);
  const auto need = [&](std::size_t n) {
    if (bytes.size() < n) {
      bad_image(file, "BMP", "a file that ends after " + std::to_string(bytes.size()) + " bytes (truncated)",
                "fetch the file again");
    }
  };
  need(18);
  BmpStructure bmp;
  const std::size_t header = in.little(14, 4);
  const bool old = header == 12;
  if (!old && header != 40 && header != 52 && header != 56 && header != 64 && header != 108 && header != 124) {
    bad_image(file, "BMP", "a header of " + std::to_string(header) + " bytes", "convert it to PNG");
  }
  need(14 + header);
  const std::int64_t rows = bmp_side(in, 22, old ? 20 : 0);
  bmp.width = bmp_side(in, 18, old ? 18 : 0);
  bmp.down = rows < 0;
  bmp.height = bmp.down ? -rows : rows;
  require_within(limits, file, bmp.width, bmp.height);
  bmp.bits = in.little(old ? 24 : 28, 2);
  bmp.compression = old ? 0 : in.little(30, 4);
  std::size_t colours = old ? 0 : in.little(46, 4);
  if (colours == 0) colours = bmp.bits <= 8 ? std::size_t{1} << bmp.bits : 0;

  const bool fields = bmp.compression == 3;
  const bool known = (bmp.compression == 0 && (bmp.bits == 1 || bmp.bits == 4 || bmp.bits == 8 || bmp.bits == 16 ||
                                               bmp.bits == 24 || bmp.bits == 32)) ||
                     (bmp.compression == 1 && bmp.bits == 8) || (bmp.compression == 2 && bmp.bits == 4) ||
                     (fields && (bmp.bits == 16 || bmp.bits == 24 || bmp.bits == 32));
  if (!known) {
    bad_image(file, "BMP", std::to_string(bmp.bits) + " bits with compression " + std::to_string(bmp.compression),
              "convert it to PNG");
  }
  if (fields) {
    need(14 + 40 + 12);
    for (std::size_t c = 0; c < 3; ++c) bmp.masks[c] = in.little(54 + 4 * c, 4);
    if (header >= 56) bmp.masks[3] = in.little(66, 4);
    const auto& m = bmp.masks;
    const bool unset = m[0] == 0 && m[1] == 0 && m[2] == 0 && m[3] == 0;
    if (unset && bmp.bits == 32) bmp.masks = {0xFF0000, 0xFF00, 0xFF, 0xFF000000};
    if (bmp.bits == 24) {  // Pillow reads the usual order alone
      if (m[0] != 0xFF0000 || m[1] != 0xFF00 || m[2] != 0xFF) bad_image(file, "BMP", "a bad bit mask");
      bmp.masks[3] = 0;
    }
  } else if (bmp.bits == 16) {
    bmp.masks = {0x7C00, 0x3E0, 0x1F, 0};
  } else if (bmp.bits > 16) {
    bmp.masks = {0xFF0000, 0xFF00, 0xFF, 0};
  }
  if (bmp.bits > 8) {
    for (std::size_t c = 0; c < 4; ++c) {
      const std::uint32_t mask = bmp.masks[c] >> (bmp.masks[c] == 0 ? 0 : std::countr_zero(bmp.masks[c]));
      if ((mask == 0 && c < 3) || (mask & (mask + 1)) != 0 || mask > 0xFFFF) bad_image(file, "BMP", "a bad bit mask");
    }
  }

  bmp.data = in.little(10, 4);
  std::size_t after = 14 + header + (fields && header == 40 ? 12 : 0);
  if (bmp.bits <= 8) {
    for (std::size_t i = 0; i < bmp.palette.size(); ++i) bmp.palette[i] = static_cast<std::uint8_t>(i / 3);
    const std::size_t entry = old ? 3 : 4;
    if (colours > 65'536) bad_image(file, "BMP", "a palette of " + std::to_string(colours) + " colours");
    if (bmp.data > after)
      colours = std::min(colours, (bmp.data - after) / entry);  // a short palette ends at the pixels
    need(after + entry * colours);
    for (std::size_t i = 0; i < colours && i < 256; ++i) {
      for (std::size_t c = 0; c < 3; ++c)
        bmp.palette[3 * i + c] = static_cast<std::uint8_t>(in.at(after + entry * i + 2 - c));
    }
    after += entry * colours;
    if (bmp.data == 14 + header) bmp.data = after;
  }
  if (bmp.data == 0) bmp.data = after;
  if (bmp.data < after) bad_image(file, "BMP", "pixels inside the header");
  need(bmp.data);
  return bmp;
}

/// Bytes that the pixels of a file without run-length coding take at least: the last row may lack its fill bytes.
inline std::uint64_t bmp_pixel_bytes(const BmpStructure& bmp) {
  const std::uint64_t used = (static_cast<std::uint64_t>(bmp.width) * bmp.bits + 7) / 8, stride = (used + 3) / 4 * 4;
  return stride * static_cast<std::uint64_t>(bmp.height - 1) + used;
}

/// The palette indices of run-length coded pixels, in the order of the file; fewer than wanted if the data ends early.
inline std::vector<std::uint8_t> unpack_runs(std::span<const std::byte> data, bool half_bytes, std::size_t width,
                                             std::size_t wanted) {
  std::vector<std::uint8_t> out;
  std::size_t x = 0, at = 0;
  const auto byte = [&] { return std::to_integer<unsigned>(data[at++]); };
  while (out.size() < wanted && at + 2 <= data.size()) {
    const unsigned count = byte(), value = byte();
    if (count > 0) {
      const std::size_t n = x + count > width ? (x < width ? width - x : 0) : count;
      for (std::size_t i = 0; i < n; ++i) {
        out.push_back(static_cast<std::uint8_t>(!half_bytes ? value : i % 2 == 0 ? value >> 4U : value & 15U));
      }
      x += n;
    } else if (value == 0) {
      while (out.size() % width != 0) out.push_back(0);
      x = 0;
    } else if (value == 1) {
      break;
    } else if (value == 2) {
      if (at + 2 > data.size()) break;
      const std::size_t right = byte(), up = byte();
      out.resize(std::min(wanted, out.size() + right + up * width));
      x = out.size() % width;
    } else {
      const std::size_t packed = half_bytes ? (value + 1) / 2 : value;
      if (at + packed > data.size()) break;
      for (unsigned i = 0; i < value; ++i) {
        const auto both = std::to_integer<unsigned>(data[at + (half_bytes ? i / 2 : i)]);
        out.push_back(static_cast<std::uint8_t>(!half_bytes ? both : i % 2 == 0 ? both >> 4U : both & 15U));
      }
      x += value;
      at += packed + packed % 2;
    }
  }
  return out;
}

/// @brief Decodes a BMP file: 1 to 32 bits a pixel, palettes, bit masks, run-length coding.
///
/// Opacity goes to `alpha` if a bit mask names it. **Errors.** DataError: truncated, a kind that is not read, above the
/// limits.
inline Image decode_bmp(std::span<const std::byte> bytes, const std::string& file, const DecodeLimits& limits = {},
                        AlphaPlane alpha = nullptr) {
  const BmpStructure bmp = bmp_structure(bytes, file, limits);
  const auto width = static_cast<std::size_t>(bmp.width), height = static_cast<std::size_t>(bmp.height);
  const auto truncated = [&] { bad_image(file, "BMP", "too little picture data (truncated)", "fetch the file again"); };
  std::vector<std::uint8_t> runs;
  const bool packed = bmp.compression == 1 || bmp.compression == 2;
  const std::size_t used = (width * bmp.bits + 7) / 8, stride = (used + 3) / 4 * 4;
  if (packed) {
    runs = unpack_runs(bytes.subspan(bmp.data), bmp.compression == 2, width, width * height);
    if (runs.size() < width * height) truncated();
  } else if (bytes.size() - bmp.data < bmp_pixel_bytes(bmp)) {
    truncated();
  }
  Image image = allocate_image(file, static_cast<int>(width), static_cast<int>(height));
  const bool opacity = alpha != nullptr && bmp.bits == 32 && bmp.masks[3] != 0;
  if (opacity) alpha->assign(width * height, 255);

  std::array<unsigned, 4> shift{};
  std::array<std::uint32_t, 4> most{};
  for (std::size_t c = 0; c < 4; ++c) {
    shift[c] = bmp.masks[c] == 0 ? 0 : static_cast<unsigned>(std::countr_zero(bmp.masks[c]));
    most[c] = bmp.masks[c] >> shift[c];
  }
  for (std::size_t row = 0; row < height; ++row) {
    const std::size_t y = bmp.down ? row : height - 1 - row;
    std::uint8_t* to = image.rgb.data() + y * image.stride();
    const HeaderBytes line(packed ? bytes : bytes.subspan(bmp.data + row * stride, used));
    for (std::size_t x = 0; x < width; ++x, to += 3) {
      if (bmp.bits <= 8) {
        const std::size_t bit = x * bmp.bits;
        const std::size_t index =
            packed ? runs[row * width + x] : (line.at(bit / 8) >> (8 - bmp.bits - bit % 8)) & ((1U << bmp.bits) - 1);
        std::copy_n(bmp.palette.data() + 3 * index, 3, to);
        continue;
      }
      const std::uint32_t pixel = line.little(x * (bmp.bits / 8), bmp.bits / 8);
      for (std::size_t c = 0; c < 3; ++c)
        to[c] = static_cast<std::uint8_t>(((pixel & bmp.masks[c]) >> shift[c]) * 255 / most[c]);
      if (opacity) {
        (*alpha)[y * width + x] = static_cast<std::uint8_t>(((pixel & bmp.masks[3]) >> shift[3]) * 255 / most[3]);
      }
    }
  }
  return image;
}

}  // namespace ctp::data::detail
