/// @file   ctp/data/codec/decode_errors.hpp
/// @brief  Errors and memory allocation shared by all picture decoders.
/// @layer  data
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/data/codec/decode_limits.hpp>
#include <ctp/data/image/image.hpp>

namespace ctp::data {
namespace detail {

/// Throws the DataError of a file that begins like a picture and cannot be decoded.
[[noreturn]] inline void bad_image(const std::string& file, const char* kind, const std::string& found,
                                   const char* remedy = "replace the file by an intact copy") {
  throw DataError(Complaint{file, "", std::string("an intact ") + kind + " image", found, remedy}.text());
}

/// Throws the DataError of a file that no decoder of this build reads. `webp`: the file is a WebP image.
[[noreturn]] inline void refuse_type(const std::string& file, const char* expected, const std::string& found,
                                     bool webp) {
  throw DataError(Complaint{file, "", expected, found,
                            webp ? "build with libwebp (Debian: libwebp-dev), or convert it to JPEG or PNG"
                                 : "convert it to JPEG or PNG, or remove it; the content counts, not the file's name"}
                      .text());
}

/// Checks the size in a file's header. **Errors.** DataError if a side is below 1 or the size above the limits.
inline void require_within(const DecodeLimits& limits, const std::string& file, std::int64_t width,
                           std::int64_t height) {
  const std::string found = std::to_string(width) + " x " + std::to_string(height);
  if (width < 1 || height < 1) {
    throw DataError(Complaint{file, "image size", "sides of at least one pixel", found, "remove the file"}.text());
  }
  constexpr std::int64_t largest = 2'147'483'647;
  if (width > largest || height > largest || width > limits.max_pixels / height) {
    throw DataError(Complaint{file, "image size", "at most " + std::to_string(limits.max_pixels) + " pixels", found,
                              "scale the picture down, remove the file, or raise the limit max_pixels"}
                        .text());
  }
  if ((std::max(width, height) - 1) / std::min(width, height) >= limits.max_ratio) {
    throw DataError(Complaint{file, "image size",
                              "one side at most " + std::to_string(limits.max_ratio) + " times the other", found,
                              "cut the picture or remove the file"}
                        .text());
  }
}

/// Where a decoder puts the opacity of each pixel, 0 to 255; nullptr: not wanted. Left empty for a picture without it.
using AlphaPlane = std::vector<std::uint8_t>*;

/// Splits rows of four bytes, red, green, blue and opacity, into `image` and `alpha`, either of the same size.
inline void split_alpha(std::span<const std::uint8_t> rgba, Image& image, std::vector<std::uint8_t>& alpha) {
  std::uint8_t* rgb = image.rgb.data();
  for (std::size_t i = 0; i < alpha.size(); ++i, rgb += 3) {
    std::copy_n(rgba.data() + 4 * i, 3, rgb);
    alpha[i] = rgba[4 * i + 3];
  }
}

/// A picture of a size that passed require_within(). **Errors.** ResourceError if the allocation fails.
inline Image allocate_image(const std::string& file, int width, int height) {
  try {
    return Image(width, height);
  } catch (const std::bad_alloc&) {
    throw ResourceError(Complaint{file, "memory for pixels",
                                  std::to_string(std::int64_t{3} * width * height) + " bytes", "less",
                                  "use fewer loader workers or smaller pictures"}
                            .text());
  }
}

}  // namespace detail
}  // namespace ctp::data
