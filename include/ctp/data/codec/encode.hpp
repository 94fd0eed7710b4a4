/// @file   ctp/data/codec/encode.hpp
/// @brief  JPEG encoding.
/// @layer  data
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/data/codec/stb.hpp>
#include <ctp/data/image/image.hpp>

namespace ctp::data {

/// @brief Encodes `image` as a baseline JPEG file with stb_image_write. The bytes are the same on every machine.
///
/// **Units.**  quality: 1 (smallest file) to 100 (best picture); up to 90, chroma has half the resolution.
/// **Errors.** UsageError for a quality outside this range, an empty picture, or sides above 65,535 pixels.
inline std::vector<std::byte> encode_jpeg(const Image& image, int quality) {
  require_pixels(image, "encode_jpeg");
  if (quality < 1 || quality > 100) {
    throw UsageError(Complaint{"encode_jpeg", "quality", "1 to 100", std::to_string(quality), ""}.text());
  }
  if (image.width > 65'535 || image.height > 65'535) {
    throw UsageError(Complaint{"encode_jpeg", "size", "sides of at most 65535, the largest that the format can express",
                               std::to_string(image.width) + " x " + std::to_string(image.height), ""}
                         .text());
  }
  std::vector<std::byte> bytes;
  const auto append = [](void* to, void* data, int size) {
    const auto* begin = static_cast<const std::byte*>(data);
    static_cast<std::vector<std::byte>*>(to)->insert(static_cast<std::vector<std::byte>*>(to)->end(), begin,
                                                     begin + size);
  };
  detail::stb::stbi_write_jpg_to_func(append, &bytes, image.width, image.height, 3, image.rgb.data(), quality);
  return bytes;
}

}  // namespace ctp::data
