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
#include <ctp/data/codec/decode.hpp>
#include <ctp/data/codec/decode_errors.hpp>
#include <ctp/data/codec/decode_limits.hpp>
#include <ctp/data/codec/png_structure.hpp>
#include <ctp/io/files.hpp>

namespace ctp::data {

/// Width and height, pixels, and whether the file ends as its type demands.
struct PictureHeader {
  int width = 0, height = 0;
  bool ends = false;  ///< the last bytes are the end marker of the type
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
    if (marker < 0xC0 || (marker >= 0xD0 && marker <= 0xD9) || length < 2) return std::nullopt;
    if (marker == 0xDA) {
      if (found.height == 0 || position + 2 + length + 2 > size) return std::nullopt;
      break;
    }
    if (marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC) {
      const auto frame = window.at(position + 4, 6);
      if (frame.empty() || found.height != 0 || marker > 0xC2 || byte_of(frame, 0) != 8) return std::nullopt;
      found.height = static_cast<int>(byte_of(frame, 1) * 256 + byte_of(frame, 2));
      found.width = static_cast<int>(byte_of(frame, 3) * 256 + byte_of(frame, 4));
      const unsigned components = byte_of(frame, 5);
      if (found.height == 0 || (components != 1 && components != 3 && components != 4)) return std::nullopt;
    }
    position += 2 + length;
  }
  const auto end = window.at(size - 2, 2);
  found.ends = end.size() == 2 && byte_of(end, 0) == 0xFF && byte_of(end, 1) == 0xD9;
  return found;
}

/// The header chunk; nullopt for anything unusual.
inline std::optional<PictureHeader> png_header(HeaderWindow& window, std::uint64_t size) {
  const auto head = window.at(8, 25);
  if (head.empty() || size < 57) return std::nullopt;
  const auto word = [&](std::size_t i) {
    return (std::uint32_t{byte_of(head, i)} << 24U) | (byte_of(head, i + 1) << 16U) | (byte_of(head, i + 2) << 8U) |
           byte_of(head, i + 3);
  };
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  if (word(0) != 13 || text.substr(4, 4) != "IHDR" || png_checksum(head.subspan(4, 17)) != word(21))
    return std::nullopt;
  if (word(8) > 0x7FFFFFFFU || word(12) > 0x7FFFFFFFU) return std::nullopt;
  PictureHeader found{static_cast<int>(word(8)), static_cast<int>(word(12)), false};
  const auto end = window.at(size - 8, 4);
  found.ends = !end.empty() && std::string_view(reinterpret_cast<const char*>(end.data()), 4) == "IEND";
  return found;
}

}  // namespace detail

/// @brief The size of a JPEG or PNG file from its header. `start`: its first picture_start_bytes bytes, or all of them.
///
/// nullopt for another type, a header that is broken or unusual, or a size above the limits: decode_image() then tells
/// whether the picture can be read, and why not. **Errors.** as io::InputFile.
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
    default:
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
