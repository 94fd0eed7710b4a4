/// @file   ctp/data/image/image.hpp
/// @brief  Picture in memory: 8-bit RGB, interleaved.
/// @layer  data
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <ctp/core/error.hpp>

namespace ctp::data {

/// @brief Picture of 8-bit RGB pixels: the result of every decoder, the operand of every transformation.
///
/// **Shapes.** rgb: [height, width, 3] row-major. **Units.** 0 to 255, sRGB as stored in the file.
struct Image {
  int width = 0, height = 0;
  std::vector<std::uint8_t> rgb;

  Image() = default;
  /// A picture of wide x high pixels, all bytes `value`. **Errors.** UsageError for a side below 1.
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

/// Checks that `image` is not empty and its bytes match its sides. **Errors.** UsageError naming `where`.
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
