/// @file   ctp/data/codec/image_header.hpp
/// @brief  Format and size of a picture file, from its first bytes.
/// @layer  data
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <ctp/core/error.hpp>
#include <ctp/data/codec/decode_errors.hpp>
#include <ctp/data/codec/decode_limits.hpp>

namespace ctp::data {

/// File type by the first bytes of the content; the file name is ignored.
enum class ImageType { Jpeg, Png, WebP, Gif, Bmp, Other };

inline ImageType image_type(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 12));
  if (text.starts_with("\xFF\xD8\xFF")) return ImageType::Jpeg;
  if (text.starts_with("\x89PNG\r\n\x1A\n")) return ImageType::Png;
  if (text.size() == 12 && text.starts_with("RIFF") && text.ends_with("WEBP")) return ImageType::WebP;
  if (text.starts_with("GIF87a") || text.starts_with("GIF89a")) return ImageType::Gif;
  if (text.starts_with("BM")) return ImageType::Bmp;
  return ImageType::Other;
}

/// The name of a type of picture, for messages.
inline const char* type_name(ImageType type) {
  switch (type) {
    case ImageType::Jpeg:
      return "JPEG";
    case ImageType::Png:
      return "PNG";
    case ImageType::WebP:
      return "WebP";
    case ImageType::Gif:
      return "GIF";
    case ImageType::Bmp:
      return "BMP";
    case ImageType::Other:
      break;
  }
  return "unknown";
}

/// True if this build decodes pictures of this type.
inline constexpr bool is_decoded(ImageType type) { return type == ImageType::Jpeg || type == ImageType::Png; }

/// The decoded types, in words, for messages.
inline const char* decoded_types() { return "a JPEG or PNG image"; }

/// The probable type of a file, in words; for messages.
inline std::string looks_like(std::span<const std::byte> bytes) {
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 1024));
  if (text.empty()) return "an empty file";
  if (text.starts_with("RIFF") && text.size() >= 12 && text.substr(8, 4) == "WEBP") return "a WebP image";
  if (text.starts_with("GIF8")) return "a GIF image";
  if (text.starts_with("BM")) return "a BMP image";
  if (text.starts_with(std::string_view("II*\0", 4)) || text.starts_with(std::string_view("MM\0*", 4)))
    return "a TIFF image";
  if (text.size() >= 12 && text.substr(4, 4) == "ftyp") return "an AVIF or HEIC image, or a video";
  if (text.starts_with("%PDF")) return "a PDF document";
  if (text.starts_with("PK\x03\x04") || text.starts_with("\x1F\x8B")) return "an archive";

  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty() && (text.front() == ' ' || (text.front() >= '\t' && text.front() <= '\r')))
    text.remove_prefix(1);
  std::string start(text.substr(0, 256));
  for (char& c : start) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (start.find("<svg") != std::string::npos) return "an SVG drawing";
  if (start.starts_with("<!doctype html") || start.find("<html") != std::string::npos || start.starts_with("<head")) {
    return "an HTML page";
  }
  if (start.starts_with("<?xml")) return "an XML document";
  if (start.starts_with("{") || start.starts_with("[")) return "JSON text";
  const auto printable = [](char c) { return static_cast<unsigned char>(c) >= 32 || (c >= '\t' && c <= '\r'); };
  if (!start.empty() && std::all_of(start.begin(), start.end(), printable)) return "text";
  return "bytes of no known kind";
}

/// What the first bytes of a file say.
struct ImageHeader {
  ImageType type = ImageType::Other;
  std::int64_t width = 0, height = 0;  ///< 0 while `more` is true or `problem` is not empty
  bool more = false;                   ///< the given bytes end before the size: give more of the file
  std::string problem;                 ///< the message of the refusal, with the file's name; empty: none found
};

namespace detail {

/// Little-endian and big-endian numbers of a file's first bytes.
class HeaderBytes {
 public:
  explicit HeaderBytes(std::span<const std::byte> bytes) : bytes_(bytes) {}
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] std::uint32_t at(std::size_t i) const { return std::to_integer<std::uint32_t>(bytes_[i]); }
  [[nodiscard]] std::uint32_t little(std::size_t i, std::size_t n) const {
    std::uint32_t value = 0;
    for (std::size_t k = n; k-- > 0;) value = (value << 8U) | at(i + k);
    return value;
  }
  [[nodiscard]] std::uint32_t big(std::size_t i, std::size_t n) const {
    std::uint32_t value = 0;
    for (std::size_t k = 0; k < n; ++k) value = (value << 8U) | at(i + k);
    return value;
  }
  [[nodiscard]] std::string_view text(std::size_t i, std::size_t n) const {
    return {reinterpret_cast<const char*>(bytes_.data()) + i, n};
  }

 private:
  std::span<const std::byte> bytes_;
};

/// Looks for the frame header of a JPEG file.
inline void find_jpeg_size(const HeaderBytes& bytes, ImageHeader& header) {
  std::size_t i = 2;
  for (;;) {
    while (i < bytes.size() && bytes.at(i) != 0xFF) ++i;  // stray bytes are passed over
    while (i < bytes.size() && bytes.at(i) == 0xFF) ++i;
    if (i + 8 > bytes.size()) break;
    const std::uint32_t marker = bytes.at(i++);
    if (marker <= 0x01 || (marker >= 0xD0 && marker <= 0xD7)) continue;
    if (marker == 0xD8 || marker == 0xD9 || marker == 0xDA) {
      header.problem = "no frame header";
      return;
    }
    if (marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC) {
      header.height = bytes.big(i + 3, 2);
      header.width = bytes.big(i + 5, 2);
      return;
    }
    i += bytes.big(i, 2);
  }
  header.more = true;
}

/// Size of a WebP file: of the canvas, or of the only picture.
inline void find_webp_size(const HeaderBytes& bytes, ImageHeader& header) {
  if (bytes.size() < 30) {
    header.more = true;
    return;
  }
  const std::string_view chunk = bytes.text(12, 4);
  if (chunk == "VP8X") {
    header.width = std::int64_t{bytes.little(24, 3)} + 1;
    header.height = std::int64_t{bytes.little(27, 3)} + 1;
  } else if (chunk == "VP8L" && bytes.at(20) == 0x2F) {
    header.width = (bytes.little(21, 4) & 0x3FFFU) + 1;
    header.height = ((bytes.little(21, 4) >> 14U) & 0x3FFFU) + 1;
  } else if (chunk == "VP8 " && bytes.big(23, 3) == 0x9D012AU) {
    header.width = bytes.little(26, 2) & 0x3FFFU;
    header.height = bytes.little(28, 2) & 0x3FFFU;
  } else {
    header.problem = "no size";
  }
}

}  // namespace detail

/// @brief Format and size of a picture file, without decoding it.
///
/// `prefix`: the first bytes of the file; 4 KiB are enough unless a JPEG file begins with a long profile, in which case
/// `more` is true. `whole`: `prefix` is the whole file; a size that does not come is then a problem. `problem` is the
/// message that decode_image() would throw for the header: another type of file, no size, a size above the limits. A
/// file without a problem may still be truncated or damaged further on.
inline ImageHeader read_image_header(std::span<const std::byte> prefix, bool whole, const std::string& file,
                                     const DecodeLimits& limits = {}) {
  ImageHeader header;
  header.type = image_type(prefix);
  const detail::HeaderBytes bytes(prefix);
  const char* const kind = type_name(header.type);
  const auto complaint = [&](const std::string& expected, const std::string& found, const std::string& remedy) {
    return Complaint{file, "", expected, found, remedy}.text();
  };
  if (!is_decoded(header.type)) {
    if (!whole && prefix.size() < 12) {
      header.more = true;
      return header;
    }
    try {
      detail::refuse_type(file, decoded_types(), looks_like(prefix), header.type == ImageType::WebP);
    } catch (const DataError& error) {
      header.problem = error.what();
    }
    return header;
  }
  const auto need = [&](std::size_t n) { return header.more = bytes.size() < n; };
  switch (header.type) {
    case ImageType::Jpeg:
      detail::find_jpeg_size(bytes, header);
      break;
    case ImageType::Png:
      if (need(24)) break;
      header.width = bytes.big(16, 4);
      header.height = bytes.big(20, 4);
      if (bytes.text(12, 4) != "IHDR") header.problem = "no header";
      break;
    case ImageType::WebP:
      detail::find_webp_size(bytes, header);
      break;
    case ImageType::Gif:
      if (need(10)) break;
      header.width = bytes.little(6, 2);
      header.height = bytes.little(8, 2);
      break;
    case ImageType::Bmp: {
      if (need(26)) break;
      const bool old = bytes.little(14, 4) == 12;
      header.width = old ? bytes.little(18, 2) : static_cast<std::int32_t>(bytes.little(18, 4));
      const std::int64_t rows = old ? bytes.little(20, 2) : static_cast<std::int32_t>(bytes.little(22, 4));
      header.height = rows < 0 ? -rows : rows;
      break;
    }
    case ImageType::Other:
      break;
  }
  if (header.more && whole) {
    header.more = false;
    header.problem = "a file that ends after " + std::to_string(prefix.size()) + " bytes (truncated)";
  }
  if (!header.problem.empty()) {
    header.problem = complaint(std::string("an intact ") + kind + " image", header.problem, "fetch the file again");
  } else if (!header.more) {
    try {
      detail::require_within(limits, file, header.width, header.height);
    } catch (const DataError& error) {
      header.problem = error.what();
    }
  }
  if (!header.problem.empty()) header.width = header.height = 0;
  return header;
}

}  // namespace ctp::data
