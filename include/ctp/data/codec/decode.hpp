/// @file   ctp/data/codec/decode.hpp
/// @brief  From the bytes of a picture file to pixels.
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

/// What the first bytes of a file say it is. Names are not asked.
enum class ImageType { Jpeg, Png, Other };

inline ImageType image_type(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.starts_with("\xFF\xD8\xFF")) return ImageType::Jpeg;
  if (text.starts_with(detail::png_signature)) return ImageType::Png;
  return ImageType::Other;
}

/// In words, what a file that is neither JPEG nor PNG seems to be.
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

/// @brief Decodes a JPEG or PNG file that lies in memory. The content decides which it is, `file` is for messages.
///
/// Where the library was built with libjpeg-turbo and libpng the result equals `PIL.Image.open(f).convert("RGB")` to
/// the last bit; stb_image, the stand-in, equals it for PNG and comes close for JPEG. As there, orientation tags are
/// not applied and transparency is dropped. A damaged or truncated file is refused, never half decoded.
///
/// **Shapes.** returns [height, width, 3].
/// **Errors.** DataError naming the file: another kind of file, truncated, damaged, above the limits. ResourceError.
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
