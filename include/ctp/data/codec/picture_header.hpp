/// @file   ctp/data/codec/picture_header.hpp
/// @brief  Size of a picture from its first bytes, without decoding.
/// @layer  data
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <ctp/core/error.hpp>
#include <ctp/data/codec/decode_bmp.hpp>
#include <ctp/data/codec/decode_errors.hpp>
#include <ctp/data/codec/decode_limits.hpp>
#include <ctp/data/codec/decode_webp.hpp>
#include <ctp/data/codec/image_header.hpp>
#include <ctp/data/codec/jpeg_structure.hpp>
#include <ctp/data/codec/png_structure.hpp>
#include <ctp/io/files.hpp>

namespace ctp::data {

/// Width and height in pixels, and whether the file ends as its type demands.
struct PictureHeader {
  int width = 0, height = 0;
  bool ends = false;  ///< the file has the end marker or the length that its type demands
};

/// Bytes that a header usually needs; the first read of a file.
inline constexpr std::size_t picture_start_bytes = 4096;

namespace detail {

/// Random access to a file through a window of 4 KiB, whose first content is given.
class HeaderWindow {
 public:
  HeaderWindow(const io::InputFile& file, std::span<const std::byte> start) : file_(file), window_(start) {}

  /// `count` bytes, at most 64, from `offset` on; empty beyond the end of the file, or after more than 64 reads.
  std::span<const std::byte> at(std::uint64_t offset, std::size_t count) {
    if (count > file_.size() || offset > file_.size() - count) return {};
    if (offset < begin_ || offset + count > begin_ + window_.size()) {
      if (++reads_ > 64) return {};
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(own_.size(), file_.size() - offset));
      file_.read_at(offset, std::span(own_).first(size));
      begin_ = offset;
      window_ = std::span<const std::byte>(own_).first(size);
    }
    return window_.subspan(static_cast<std::size_t>(offset - begin_), count);
  }

 private:
  const io::InputFile& file_;
  std::span<const std::byte> window_;
  std::uint64_t begin_ = 0;
  std::array<std::byte, picture_start_bytes> own_;
  int reads_ = 0;
};

inline unsigned byte_of(std::span<const std::byte> bytes, std::size_t i) { return std::to_integer<unsigned>(bytes[i]); }

/// From the start marker over the frame header to the first picture data; nullopt for anything unusual.
inline std::optional<PictureHeader> jpeg_header(HeaderWindow& window, std::uint64_t size) {
  PictureHeader found;
  for (std::uint64_t position = 2;;) {
    const auto head = window.at(position, 4);
    if (head.empty() || byte_of(head, 0) != 0xFF) return std::nullopt;
    const unsigned marker = byte_of(head, 1);
    if (marker == 0xFF) {  // a fill byte
      ++position;
      continue;
    }
    const std::uint64_t length = byte_of(head, 2) * 256 + byte_of(head, 3);
    if (!is_jpeg_segment(marker) || (marker >= 0xD0 && marker <= 0xD9) || length < 2) return std::nullopt;
    if (marker == 0xDA) {
      if (found.height == 0 || position + 2 + length + 2 > size) return std::nullopt;
      break;
    }
    if (marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC) {
      const auto frame = window.at(position + 4, 6);
      if (frame.empty() || found.height != 0 || marker > 0xC2 || byte_of(frame, 0) != 8) return std::nullopt;
      found.height = static_cast<int>(byte_of(frame, 1) * 256 + byte_of(frame, 2));
      found.width = static_cast<int>(byte_of(frame, 3) * 256 + byte_of(frame, 4));
      const std::size_t components = byte_of(frame, 5);
      if (found.height == 0 || std::max(found.width, found.height) > largest_jpeg_side) return std::nullopt;
      if ((components != 1 && components != 3 && components != 4) || length < 8 + 3 * components) return std::nullopt;
      const auto tables = window.at(position + 10, 3 * components);
      for (std::size_t c = 0; c < components; ++c) {
        const unsigned sampling = tables.empty() ? 0 : byte_of(tables, 3 * c + 1);
        if (sampling >> 4U < 1 || sampling >> 4U > 4 || (sampling & 15U) < 1 || (sampling & 15U) > 4)
          return std::nullopt;
      }
    }
    position += 2 + length;
  }
  const auto end = window.at(size - 2, 2);
  found.ends = end.size() == 2 && byte_of(end, 0) == 0xFF && byte_of(end, 1) == 0xD9;
  return found;
}

/// The header chunk, and the chunks up to the picture data; nullopt for anything unusual in the header chunk.
inline std::optional<PictureHeader> png_header(HeaderWindow& window, std::uint64_t size) {
  const auto head = window.at(8, 25);
  if (head.empty() || size < 57) return std::nullopt;
  const HeaderBytes in(head);
  if (in.big(0, 4) != 13 || in.text(4, 4) != "IHDR" || png_checksum(head.subspan(4, 17)) != in.big(21, 4))
    return std::nullopt;
  const std::uint32_t width = in.big(8, 4), height = in.big(12, 4), colour = in.at(17);
  if (width > 0x7FFFFFFFU || height > 0x7FFFFFFFU) return std::nullopt;
  if (!png_kind(static_cast<int>(in.at(16)), static_cast<int>(colour))) return std::nullopt;
  if (in.at(18) != 0 || in.at(19) != 0 || in.at(20) > 1) return std::nullopt;  // compression, filter, interlacing
  PictureHeader found{static_cast<int>(width), static_cast<int>(height), false};
  bool palette = colour != 3;
  for (std::uint64_t position = 33;;) {
    const HeaderBytes chunk(window.at(position, 8));
    if (chunk.size() == 0) return found;
    const std::uint64_t length = chunk.big(0, 4);
    const std::string_view type = chunk.text(4, 4);
    if (!png_type(type) || type == "IEND" || position + 12 + length > size) return found;
    if (type == "PLTE" && !png_palette_length(static_cast<std::size_t>(length))) return found;
    palette = palette || type == "PLTE";
    if (type == "IDAT" && !palette) return found;
    if (type == "IDAT" && length > 0) break;
    position += 12 + length;
  }
  const HeaderBytes end(window.at(size - 8, 4));
  found.ends = end.size() == 4 && end.text(0, 4) == "IEND";
  return found;
}

/// The sizes of the canvas and of the first frame; nullopt for anything unusual.
inline std::optional<PictureHeader> gif_header(HeaderWindow& window, std::uint64_t size) {
  const HeaderBytes head(window.at(0, 13));
  if (head.size() == 0) return std::nullopt;
  const auto colours = [](unsigned flags) { return (flags & 128U) != 0 ? std::uint64_t{3} << ((flags & 7U) + 1) : 0; };
  std::uint32_t width = head.little(6, 2), height = head.little(8, 2);
  std::uint64_t position = 13 + colours(head.at(10));
  for (;;) {
    const auto kind = window.at(position, 1);
    if (kind.empty()) return std::nullopt;
    if (byte_of(kind, 0) == ',') break;
    if (byte_of(kind, 0) != '!') return std::nullopt;
    for (position += 2;;) {  // the blocks of an extension
      const auto length = window.at(position, 1);
      if (length.empty()) return std::nullopt;
      position += 1 + std::uint64_t{byte_of(length, 0)};
      if (byte_of(length, 0) == 0) break;
    }
  }
  const HeaderBytes frame(window.at(position, 10));
  if (frame.size() == 0 || frame.little(5, 2) == 0 || frame.little(7, 2) == 0) return std::nullopt;
  width = std::max(width, frame.little(1, 2) + frame.little(5, 2));
  height = std::max(height, frame.little(3, 2) + frame.little(7, 2));
  position += 10 + colours(frame.at(9));
  const HeaderBytes data(window.at(position, 2));  // bits of a code, length of the first block
  if (data.size() == 0 || data.at(0) < 1 || data.at(0) > 11 || data.at(1) == 0) return std::nullopt;
  position += 3 + data.at(1) + 1;                 // at least one block, its end and the trailer
  const HeaderBytes end(window.at(size - 2, 2));  // the last block, which is empty, and the trailer
  const bool ends = end.size() == 2 && end.at(0) == 0 && end.at(1) == ';';
  return PictureHeader{static_cast<int>(width), static_cast<int>(height), ends && position <= size};
}

/// The size in the header, where the decoder takes it; nullopt for anything that it refuses.
inline std::optional<PictureHeader> bmp_header(std::span<const std::byte> start, const io::InputFile& file,
                                               const DecodeLimits& limits) {
  try {
    const BmpStructure bmp = bmp_structure(start, file.path(), limits);
    const bool packed = bmp.compression == 1 || bmp.compression == 2;
    return PictureHeader{static_cast<int>(bmp.width), static_cast<int>(bmp.height),
                         !packed && bmp.data + bmp_pixel_bytes(bmp) <= file.size()};
  } catch (const DataError&) {
    return std::nullopt;
  }
}

#if defined(CTP_HAVE_LIBWEBP)
/// The size of the canvas or of the only picture, and the chunks up to the first frame; nullopt for anything unusual.
inline std::optional<PictureHeader> webp_header(HeaderWindow& window, std::span<const std::byte> start,
                                                std::uint64_t size) {
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(start.data());
  WebPBitstreamFeatures features{};
  if (WebPGetFeatures(bytes, start.size(), &features) != VP8_STATUS_OK) return std::nullopt;
  const WebPData data{bytes, start.size()};
  WebPDemuxState state = WEBP_DEMUX_PARSE_ERROR;
  WebPDemuxDelete(WebPDemuxPartial(&data, &state));
  if (state == WEBP_DEMUX_PARSE_ERROR) return std::nullopt;
  const HeaderBytes head(window.at(0, 30));
  if (head.size() == 0) return std::nullopt;
  const std::uint64_t end = 8 + std::uint64_t{head.little(4, 4)};
  std::uint32_t width = 0, height = 0;
  const std::string_view first = head.text(12, 4);
  if (first == "VP8X" && head.little(16, 4) >= 10) {
    width = head.little(24, 3) + 1;
    height = head.little(27, 3) + 1;
  } else if (first == "VP8L" && head.at(20) == 0x2F && head.at(24) >> 5U == 0) {
    width = (head.little(21, 4) & 0x3FFFU) + 1;
    height = ((head.little(21, 4) >> 14U) & 0x3FFFU) + 1;
  } else if (first == "VP8 " && (head.at(20) & 1U) == 0 && head.big(23, 3) == 0x9D012AU) {
    width = head.little(26, 2) & 0x3FFFU;
    height = head.little(28, 2) & 0x3FFFU;
  } else {
    return std::nullopt;
  }
  PictureHeader found{static_cast<int>(width), static_cast<int>(height), false};
  for (std::uint64_t position = 12; end <= size;) {
    const HeaderBytes chunk(window.at(position, 8));
    if (chunk.size() == 0) return found;
    const std::uint64_t length = chunk.little(4, 4);
    if (position + 8 + length > end) return found;
    const std::string_view type = chunk.text(0, 4);
    if ((type == "VP8 " || type == "VP8L" || type == "ANMF") && length > 8) {
      found.ends = true;
      return found;
    }
    position += 8 + length + length % 2;
  }
  return found;
}
#endif

}  // namespace detail

/// @brief The size of a picture from its header. `start`: the file's first picture_start_bytes bytes, or all of them.
///
/// nullopt for a type that this build does not decode, a header that is broken or unusual, or a size above the limits:
/// decode_image() then tells whether the picture can be read, and why not. So does it where PictureHeader::ends is
/// false. **Errors.** as io::InputFile.
inline std::optional<PictureHeader> picture_header(const io::InputFile& file, std::span<const std::byte> start,
                                                   const DecodeLimits& limits = {}) {
  detail::HeaderWindow window(file, start);
  std::optional<PictureHeader> found;
  switch (image_type(start)) {
    case ImageType::Jpeg:
      found = detail::jpeg_header(window, file.size());
      break;
    case ImageType::Png:
      found = detail::png_header(window, file.size());
      break;
    case ImageType::WebP:
#if defined(CTP_HAVE_LIBWEBP)
      found = detail::webp_header(window, start, file.size());
#endif
      break;
    case ImageType::Gif:
      found = detail::gif_header(window, file.size());
      break;
    case ImageType::Bmp:
      found = detail::bmp_header(start, file, limits);
      break;
    case ImageType::Other:
      break;
  }
  if (!found) return std::nullopt;
  try {
    detail::require_within(limits, file.path(), found->width, found->height);
  } catch (const DataError&) {
    return std::nullopt;
  }
  return found;
}

}  // namespace ctp::data
