/// @file   ctp/data/codec/decode_errors.hpp
/// @brief  Errors and memory allocation shared by all picture decoders.
/// @layer  data
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <string>

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

/// Checks the size in a file's header. **Errors.** DataError if a side is below 1 or above the limits.
inline void require_within(const DecodeLimits& limits, const std::string& file, std::int64_t width,
                           std::int64_t height) {
  const std::string found = std::to_string(width) + " x " + std::to_string(height);
  if (width < 1 || height < 1) {
    throw DataError(Complaint{file, "image size", "sides of at least one pixel", found, "remove the file"}.text());
  }
  if (width > limits.max_side || height > limits.max_side || width * height > limits.max_pixels) {
    throw DataError(Complaint{file, "image size",
                              "sides of at most " + std::to_string(limits.max_side) + " and at most " +
                                  std::to_string(limits.max_pixels) + " pixels",
                              found, "scale the picture down or remove the file"}
                        .text());
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
