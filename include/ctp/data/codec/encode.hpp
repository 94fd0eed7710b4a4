/// @file   ctp/data/codec/encode.hpp
/// @brief  JPEG and PNG encoding.
/// @layer  data
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
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

/// @brief Encodes `image` as a PNG file of 8-bit RGB with stb_image_write. The bytes are the same on every machine.
///
/// **Errors.** UsageError for an empty picture or one of 1 GiB; ResourceError if memory runs out.
inline std::vector<std::byte> encode_png(const Image& image) {
  require_pixels(image, "encode_png");
  if ((image.stride() + 1) * static_cast<std::size_t>(image.height) > std::size_t{1} << 30U) {
    throw UsageError(Complaint{"encode_png", "size", "a picture below 1 GiB of pixels",
                               std::to_string(image.width) + " x " + std::to_string(image.height), ""}
                         .text());
  }
  int size = 0;
  const std::unique_ptr<unsigned char, void (*)(void*)> made(
      detail::stb::stbi_write_png_to_mem(image.rgb.data(), 0, image.width, image.height, 3, &size), &std::free);
  if (made == nullptr) {
    throw ResourceError(Complaint{"encode_png", "memory for the file", std::to_string(image.rgb.size()) + " bytes",
                                  "less", "use smaller pictures"}
                            .text());
  }
  const auto* begin = reinterpret_cast<const std::byte*>(made.get());
  return {begin, begin + size};
}

}  // namespace ctp::data
