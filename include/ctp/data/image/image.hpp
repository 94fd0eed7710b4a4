/// @file   ctp/data/image/image.hpp
/// @brief  A picture in memory: 8-bit red, green and blue, interleaved.
/// @layer  data
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <ctp/core/error.hpp>

namespace ctp::data {

/// @brief Pixels as every decoder leaves them and every transformation takes them.
///
/// **Shapes.** rgb: [height, width, 3] row-major. **Units.** 0 to 255, sRGB as stored in the file.
struct Image {
  int width = 0, height = 0;
  std::vector<std::uint8_t> rgb;

  Image() = default;
  /// A picture of that size, all bytes `value`. **Errors.** UsageError unless both sides are at least 1.
  Image(int wide, int high, std::uint8_t value = 0) : width(wide), height(high) {
    if (wide < 1 || high < 1) {
      throw UsageError(Complaint{"Image", "size", "sides of at least one pixel",
                                 std::to_string(wide) + " x " + std::to_string(high), ""}
                           .text());
    }
    rgb.assign(static_cast<std::size_t>(wide) * static_cast<std::size_t>(high) * 3, value);
  }

  /// Bytes from one row to the next.
  [[nodiscard]] std::size_t stride() const { return static_cast<std::size_t>(width) * 3; }
  /// The three bytes of the pixel in column `x` of row `y`.
  [[nodiscard]] const std::uint8_t* pixel(int x, int y) const {
    return rgb.data() + static_cast<std::size_t>(y) * stride() + static_cast<std::size_t>(x) * 3;
  }
  [[nodiscard]] std::uint8_t* pixel(int x, int y) {
    return rgb.data() + static_cast<std::size_t>(y) * stride() + static_cast<std::size_t>(x) * 3;
  }

  friend bool operator==(const Image&, const Image&) = default;
};

/// **Errors.** UsageError naming `where` unless `image` has pixels, and as many as its sides say.
inline void require_pixels(const Image& image, const char* where) {
  const bool sides = image.width > 0 && image.height > 0;
  if (sides && image.rgb.size() == image.stride() * static_cast<std::size_t>(image.height)) return;
  throw UsageError(Complaint{where, "image", "width * height * 3 bytes, at least one pixel",
                             std::to_string(image.rgb.size()) + " bytes for " + std::to_string(image.width) + " x " +
                                 std::to_string(image.height),
                             ""}
                       .text());
}

}  // namespace ctp::data
