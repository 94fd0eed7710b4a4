/// @file   ctp/data/codec/decode.hpp
/// @brief  Decoding of JPEG and PNG files.
/// @layer  data
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <ctp/core/error.hpp>
#include <ctp/data/codec/decode_jpeg.hpp>
#include <ctp/data/codec/decode_limits.hpp>
#include <ctp/data/codec/decode_png.hpp>
#include <ctp/data/image/image.hpp>

#if !defined(CTP_HAVE_LIBJPEG) || !defined(CTP_HAVE_LIBPNG)
#include <ctp/data/codec/decode_stb.hpp>
#endif

namespace ctp::data {

/// File type by the first bytes of the content; the file name is ignored.
enum class ImageType { Jpeg, Png, Other };

inline ImageType image_type(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.starts_with("\xFF\xD8\xFF")) return ImageType::Jpeg;
  if (text.starts_with(detail::png_signature)) return ImageType::Png;
  return ImageType::Other;
}

/// The probable type, in words, of a file that is neither JPEG nor PNG; for messages.
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

/// @brief Decodes a JPEG or PNG file in memory. The content decides the type; `file` is the name for messages.
///
/// With libjpeg-turbo and libpng the result is bit-identical to `PIL.Image.open(f).convert("RGB")`. Without these
/// libraries stb_image decodes: bit-identical for PNG, close for JPEG. As in Pillow, orientation tags are not applied
/// and transparency is dropped. A damaged or truncated file is refused, never partly decoded.
///
/// **Shapes.** returns [height, width, 3].
/// **Errors.** DataError naming the file: another type of file, truncated, damaged, above the limits. ResourceError if
/// memory runs out.
inline Image decode_image(std::span<const std::byte> bytes, const std::string& file, const DecodeLimits& limits = {}) {
  switch (image_type(bytes)) {
    case ImageType::Jpeg:
#if defined(CTP_HAVE_LIBJPEG)
      return detail::decode_with_libjpeg(bytes, file, limits);
#else
      return detail::decode_with_stb(bytes, file, limits);
#endif
    case ImageType::Png:
#if defined(CTP_HAVE_LIBPNG)
      return detail::decode_with_libpng(bytes, file, limits);
#else
      return detail::decode_with_stb(bytes, file, limits);
#endif
    case ImageType::Other:
      break;
  }
  throw DataError(Complaint{file, "", "a JPEG or PNG image", looks_like(bytes),
                            "convert it to JPEG or PNG, or remove it; the content counts, not the file's name"}
                      .text());
}

}  // namespace ctp::data
