/// @file   ctp/data/codec/image_header.hpp
/// @brief  Type of a picture file, from its first bytes.
/// @layer  data
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

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

/// True if this build decodes pictures of this type.
inline constexpr bool is_decoded(ImageType type) {
#if defined(CTP_HAVE_LIBWEBP)
  return type != ImageType::Other;
#else
  return type != ImageType::Other && type != ImageType::WebP;
#endif
}

/// The decoded types, in words, for messages.
inline const char* decoded_types() {
#if defined(CTP_HAVE_LIBWEBP)
  return "a JPEG, PNG, WebP, GIF or BMP image";
#else
  return "a JPEG, PNG, GIF or BMP image";
#endif
}

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

/// A side of a BMP file: a signed number of 32 bits at `at`, or of 16 bits at `old` in files with the old header.
inline std::int64_t bmp_side(const HeaderBytes& bytes, std::size_t at, std::size_t old) {
  if (old != 0) return bytes.little(old, 2);
  return static_cast<std::int32_t>(bytes.little(at, 4));
}

}  // namespace detail

}  // namespace ctp::data
