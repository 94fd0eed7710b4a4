/// @file   ctp/data/codec/decode.hpp
/// @brief  Decoding of picture files.
/// @layer  data
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <ctp/data/codec/decode_jpeg.hpp>
#include <ctp/data/codec/decode_limits.hpp>
#include <ctp/data/codec/decode_png.hpp>
#include <ctp/data/codec/image_header.hpp>
#include <ctp/data/image/image.hpp>

#if !defined(CTP_HAVE_LIBJPEG) || !defined(CTP_HAVE_LIBPNG)
#include <ctp/data/codec/decode_stb.hpp>
#endif

namespace ctp::data {

/// Pixels of a file and their opacity.
struct Picture {
  Image image;                      ///< the stored colours, those of transparent pixels included
  std::vector<std::uint8_t> alpha;  ///< [height, width], 0 transparent to 255 opaque; empty: the file has no opacity
};

namespace detail {

inline Image decode_any(std::span<const std::byte> bytes, const std::string& file, const DecodeLimits& limits,
                        AlphaPlane alpha) {
  switch (image_type(bytes)) {
    case ImageType::Jpeg:
#if defined(CTP_HAVE_LIBJPEG)
      return decode_with_libjpeg(bytes, file, limits);
#else
      return decode_with_stb(bytes, file, limits);
#endif
    case ImageType::Png:
#if defined(CTP_HAVE_LIBPNG)
      return decode_with_libpng(bytes, file, limits, alpha);
#else
      return decode_with_stb(bytes, file, limits, alpha);
#endif
    case ImageType::WebP:
    case ImageType::Gif:
    case ImageType::Bmp:
    case ImageType::Other:
      break;
  }
  refuse_type(file, decoded_types(), looks_like(bytes), image_type(bytes) == ImageType::WebP);
}

}  // namespace detail

/// @brief Decodes a picture file in memory. The content decides the type; `file` is the name for messages.
///
/// With libjpeg-turbo and libpng the result is bit-identical to `PIL.Image.open(f).convert("RGB")`. Without these
/// libraries stb_image decodes: bit-identical for PNG, close for JPEG. As in Pillow, orientation tags are not applied
/// and transparency is dropped. A damaged or truncated file is refused, never partly decoded.
///
/// **Shapes.** returns [height, width, 3].
/// **Errors.** DataError naming the file: another type of file, truncated, damaged, above the limits. ResourceError if
/// memory runs out.
inline Image decode_image(std::span<const std::byte> bytes, const std::string& file, const DecodeLimits& limits = {}) {
  return detail::decode_any(bytes, file, limits, nullptr);
}

/// As decode_image(), with the opacity of the pixels.
inline Picture decode_picture(std::span<const std::byte> bytes, const std::string& file,
                              const DecodeLimits& limits = {}) {
  Picture picture;
  picture.image = detail::decode_any(bytes, file, limits, &picture.alpha);
  return picture;
}

}  // namespace ctp::data
