/// @file   ctp/data/codec/decode_stb.hpp
/// @brief  JPEG and PNG decoding with stb_image, on checked copies of the files.
/// @layer  data
///
/// stb_image needs no installed library, but trusts parts of its input without a check. It therefore never reads a file
/// directly: it reads a copy that holds only the required segments, after their content and order were checked.
#pragma once

#include <array>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ctp/data/codec/decode_errors.hpp>
#include <ctp/data/codec/decode_limits.hpp>
#include <ctp/data/codec/jpeg_structure.hpp>
#include <ctp/data/codec/png_structure.hpp>
#include <ctp/data/codec/stb.hpp>

namespace ctp::data::detail {

/// The quantisation and Huffman tables that a JPEG file has defined so far. stb_image does not check for undefined
/// tables.
class JpegTables {
 public:
  /// Records the tables of a DQT or DHT segment. Requires a well-formed segment.
  void define(const JpegSegment& segment) {
    for (std::size_t i = 0; i < segment.body.size();) {
      const auto head = std::to_integer<unsigned>(segment.body[i]);
      if (segment.marker == 0xDB) {
        quantisation_ |= 1U << (head & 15U);
        i += (head >> 4U) != 0 ? 129U : 65U;
      } else {
        (head >> 4U) != 0 ? ac_ |= 1U << (head & 15U) : dc_ |= 1U << (head & 15U);
        std::size_t symbols = 0;
        for (std::size_t k = 1; k <= 16; ++k) symbols += std::to_integer<std::size_t>(segment.body[i + k]);
        i += 17 + symbols;
      }
    }
  }

  /// The missing or wrong table of a scan in words, or an empty string. `frame`: body of the frame header.
  [[nodiscard]] std::string fault(std::span<const std::byte> frame, bool progressive,
                                  std::span<const std::byte> scan) const {
    const auto value = [](std::span<const std::byte> s, std::size_t i) { return std::to_integer<unsigned>(s[i]); };
    for (std::size_t i = 8; i < frame.size(); i += 3) {
      if (value(frame, i) > 3 || (quantisation_ & (1U << value(frame, i))) == 0) {
        return "a quantisation table that is not defined";
      }
    }
    const std::size_t n = value(scan, 0);  // components in this scan; the header has 2n + 4 bytes
    const unsigned first = value(scan, 1 + 2 * n), refine = value(scan, 3 + 2 * n) >> 4U;
    for (std::size_t k = 0; k < n; ++k) {
      const unsigned tables = value(scan, 2 + 2 * k);
      const bool needs_dc = first == 0 && refine == 0, needs_ac = !progressive || first != 0;
      if ((needs_dc && (tables >> 4U > 3 || (dc_ & (1U << (tables >> 4U))) == 0)) ||
          (needs_ac && ((tables & 15U) > 3 || (ac_ & (1U << (tables & 15U))) == 0))) {
        return "a Huffman table that is not defined";
      }
    }
    return "";
  }

 private:
  unsigned quantisation_ = 0, dc_ = 0, ac_ = 0;
};

/// @brief A copy of the JPEG file with only the checked segments. **Errors.** DataError naming the malformed segment.
inline std::vector<std::byte> checked_jpeg(const JpegStructure& jpeg, const std::string& file) {
  if (jpeg.frame != 0xC0 && jpeg.frame != 0xC1 && jpeg.frame != 0xC2) {
    bad_image(file, "JPEG", "a coding other than baseline or progressive Huffman",
              "build with libjpeg-turbo or save the picture anew");
  }
  std::vector<std::byte> out{std::byte{0xFF}, std::byte{0xD8}};
  const auto put = [&](std::uint8_t marker, std::span<const std::byte> body, std::size_t length) {
    out.insert(out.end(), {std::byte{0xFF}, std::byte{marker}, static_cast<std::byte>((length + 2) >> 8U),
                           static_cast<std::byte>((length + 2) & 255U)});
    out.insert(out.end(), body.begin(), body.end());
  };
  JpegTables tables;
  std::span<const std::byte> frame;
  bool adobe = false;
  for (const JpegSegment& segment : jpeg.segments) {
    const auto body = segment.body;
    const auto n = body.empty() ? std::size_t{0} : std::to_integer<std::size_t>(body[0]);
    const auto starts_with = [&](std::string_view text, std::size_t least) {
      return body.size() >= least && std::string_view(reinterpret_cast<const char*>(body.data()), text.size()) == text;
    };
    switch (segment.marker) {
      case 0xC4:
        tables.define(segment);
        put(segment.marker, body, body.size());
        break;
      case 0xDB:
        for (std::size_t i = 0; i < body.size(); i += std::to_integer<unsigned>(body[i]) > 15 ? 129U : 65U) {
          const auto head = std::to_integer<unsigned>(body[i]);
          if (head > 0x13 || (head & 15U) > 3 || body.size() - i < (head > 15 ? 129U : 65U)) {
            bad_image(file, "JPEG", "a malformed quantisation table");
          }
        }
        tables.define(segment);
        put(segment.marker, body, body.size());
        break;
      case 0xDD:
        if (body.size() != 2) bad_image(file, "JPEG", "a malformed restart interval");
        put(segment.marker, body, body.size());
        break;
      case 0xE0:
        if (starts_with(std::string_view("JFIF\0", 5), 14)) put(segment.marker, body, body.size());
        break;
      case 0xEE:
        if (starts_with("Adobe", 12)) {
          adobe = true;
          put(segment.marker, body.first(12), 12);
        }
        break;
      case 0xC0:
      case 0xC1:
      case 0xC2:
        if (body.size() != 6 + 3 * static_cast<std::size_t>(jpeg.components)) {
          bad_image(file, "JPEG", "a malformed frame header");
        }
        frame = body;
        if (jpeg.components == 4 && !adobe) {  // four components without an Adobe marker are plain CMYK
          constexpr std::array<unsigned char, 12> plain{'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0};
          put(0xEE, std::as_bytes(std::span(plain)), plain.size());
        }
        put(segment.marker, body, body.size());
        break;
      case 0xDA: {
        if (n < 1 || n > 4 || body.size() < 4 + 2 * n) bad_image(file, "JPEG", "a malformed scan header");
        if (const auto fault = tables.fault(frame, jpeg.frame == 0xC2, body); !fault.empty()) {
          bad_image(file, "JPEG", fault);
        }
        put(segment.marker, body, 4 + 2 * n);
        break;
      }
      default:
        break;  // names, profiles, thumbnails
    }
  }
  out.insert(out.end(), {std::byte{0xFF}, std::byte{0xD9}});
  return out;
}

/// @brief A copy of the PNG file with only the checked chunks.
///
/// **Errors.** DataError for a wrong checksum, and for a chunk that a reader must know and no reader knows.
inline std::vector<std::byte> checked_png(const PngStructure& png, const std::string& file, bool transparency) {
  for (const PngChunk& chunk : png.chunks) {
    const bool critical = chunk.type[0] >= 'A' && chunk.type[0] <= 'Z';
    if (!critical) continue;
    if (chunk.type != "IHDR" && chunk.type != "PLTE" && chunk.type != "IDAT" && chunk.type != "IEND") {
      bad_image(file, "PNG", "a chunk of an unknown type that the picture needs");
    }
    if (png_checksum(chunk.covered) != chunk.checksum) {
      bad_image(file, "PNG", "a wrong checksum of a " + std::string(chunk.type) + " chunk");
    }
  }
  // All 256 entries: stb_image does not check indices against the palette.
  return rebuilt_png(
      png, png.colour == 3 ? std::span<const std::uint8_t>(png_palette(png)) : std::span<const std::uint8_t>(),
      transparency);
}

/// @brief Decodes JPEG or PNG with stb_image.
///
/// PNG: equal to decode_with_libpng(). JPEG: stb_image differs from libjpeg in rounding and in chroma upsampling;
/// tests/data/codec/decode_stb.test.cpp states the largest difference over the test pictures. Unlike with libjpeg, a
/// JPEG file with damaged coded data but intact structure may be accepted.
///
/// **Errors.** DataError as the other decoders; also for arithmetic coding and for missing tables.
inline Image decode_with_stb(std::span<const std::byte> bytes, const std::string& file, const DecodeLimits& limits = {},
                             AlphaPlane alpha = nullptr) {
  const bool is_png =
      bytes.size() >= 8 && std::string_view(reinterpret_cast<const char*>(bytes.data()), 8) == png_signature;
  const char* const kind = is_png ? "PNG" : "JPEG";
  Image image;
  std::vector<std::byte> checked;
  bool deep_grey = false, opacity = false;
  std::uint16_t transparent_grey = 0;
  if (is_png) {
    const PngStructure png = png_structure(bytes, file, limits);
    opacity = alpha != nullptr && (png.colour > 3 || !png.transparency.empty());
    checked = checked_png(png, file, opacity);
    image = allocate_image(file, png.width, png.height);
    deep_grey = png.colour == 0 && png.depth == 16;
    if (deep_grey && opacity) {
      transparent_grey = static_cast<std::uint16_t>(std::to_integer<unsigned>(png.transparency[0]) * 256 +
                                                    std::to_integer<unsigned>(png.transparency[1]));
    }
  } else {
    const JpegStructure jpeg = jpeg_structure(bytes, file, limits);
    checked = checked_jpeg(jpeg, file);
    image = allocate_image(file, jpeg.width, jpeg.height);
  }
  if (checked.size() > INT_MAX) bad_image(file, kind, "a file above 2 GiB", "remove the file");

  // 16 bytes for each pixel of the padded picture, and twice the coded data.
  stb_allowance = (static_cast<std::size_t>(image.width) + 64) * (static_cast<std::size_t>(image.height) + 64) * 16 +
                  checked.size() * 2 + 65'536;
  const auto* data = reinterpret_cast<const unsigned char*>(checked.data());
  const int size = static_cast<int>(checked.size());
  int width = 0, height = 0, channels = 0;
  void* const decoded =
      deep_grey ? static_cast<void*>(stb::ctp_stbi_load_16_from_memory(data, size, &width, &height, &channels, 1))
                : stb::ctp_stbi_load_from_memory(data, size, &width, &height, &channels, opacity ? 4 : 3);
  const std::unique_ptr<void, void (*)(void*)> owner(decoded, &std::free);
  if (decoded == nullptr || width != image.width || height != image.height) {
    const char* const why =
        decoded == nullptr ? stb::ctp_stbi_failure_reason() : "two headers that contradict each other";
    bad_image(file, kind, std::string("'") + (why == nullptr ? "unknown error" : why) + "'");
  }
  if (opacity) alpha->resize(image.rgb.size() / 3);
  if (!deep_grey && opacity) {
    split_alpha({static_cast<const std::uint8_t*>(decoded), 4 * alpha->size()}, image, *alpha);
    return image;
  }
  if (!deep_grey) {
    std::memcpy(image.rgb.data(), decoded, image.rgb.size());
    return image;
  }
  const auto* grey = static_cast<const std::uint16_t*>(decoded);
  for (std::size_t i = 0; i < image.rgb.size(); ++i) {
    image.rgb[i] = static_cast<std::uint8_t>(grey[i / 3] > 255 ? 255 : grey[i / 3]);
  }
  for (std::size_t i = 0; opacity && i < alpha->size(); ++i) (*alpha)[i] = grey[i] == transparent_grey ? 0 : 255;
  return image;
}

}  // namespace ctp::data::detail
