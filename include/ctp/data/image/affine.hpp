/// @file   ctp/data/image/affine.hpp
/// @brief  Affine transformations of a picture, bit-identical to OpenCV.
/// @layer  data
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <ctp/core/rounded_product.hpp>
#include <ctp/data/image/image.hpp>

namespace ctp::data {

/// Row-major 2 x 3 matrix: pixel (x, y) goes to (m[0] x + m[1] y + m[2], m[3] x + m[4] y + m[5]).
using Affine = std::array<double, 6>;

/// @brief Warps a picture by `matrix` with bilinear interpolation; pixels outside the picture have the value `fill`.
///
/// **Shapes.** returns the size of `image`. **Errors.** UsageError for an empty picture. `matrix` must be
/// invertible.
/// **Source.** Bit-identical to `cv2.warpAffine(..., flags=INTER_LINEAR, borderValue=(fill,) * 3)` of OpenCV
/// 4.8: positions in steps of 1/1024, truncated to 1/32 pixel, and integer weights.
inline Image warp_affine(const Image& image, const Affine& matrix, std::uint8_t fill = 128) {
  require_pixels(image, "warp_affine");
  const double inverse = 1.0 / (rounded_product(matrix[0], matrix[4]) - rounded_product(matrix[1], matrix[3]));
  const double xx = rounded_product(matrix[4], inverse), xy = rounded_product(matrix[1], -inverse);
  const double yx = rounded_product(matrix[3], -inverse), yy = rounded_product(matrix[0], inverse);
  const double x0 = -rounded_product(xx, matrix[2]) - rounded_product(xy, matrix[5]);
  const double y0 = -rounded_product(yx, matrix[2]) - rounded_product(yy, matrix[5]);
  // Positions in units of 1/1024; 16 units are half a step of 1/32. llrint rounds halves to even.
  const auto units = [](double pixels) { return std::llrint(rounded_product(pixels, 1024.0)); };

  const auto width = static_cast<std::size_t>(image.width);
  std::vector<long long> along_x(width), along_y(width);
  for (int x = 0; x < image.width; ++x) {
    along_x[static_cast<std::size_t>(x)] = units(rounded_product(xx, x));
    along_y[static_cast<std::size_t>(x)] = units(rounded_product(yx, x));
  }
  Image result(image.width, image.height);
  const std::array<std::uint8_t, 3> outside{fill, fill, fill};
  const auto tap = [&](long long x, long long y) {
    const bool inside = x >= 0 && y >= 0 && x < image.width && y < image.height;
    return inside ? image.pixel(static_cast<int>(x), static_cast<int>(y)) : outside.data();
  };
  for (int y = 0; y < image.height; ++y) {
    const long long row_x = units(rounded_product(xy, y) + x0) + 16, row_y = units(rounded_product(yy, y) + y0) + 16;
    std::uint8_t* to = result.pixel(0, y);
    for (std::size_t x = 0; x < width; ++x, to += 3) {
      const long long fine_x = (row_x + along_x[x]) >> 5, fine_y = (row_y + along_y[x]) >> 5;
      const long long from_x = fine_x >> 5, from_y = fine_y >> 5;
      const int right = static_cast<int>(fine_x & 31), below = static_cast<int>(fine_y & 31);
      const std::uint8_t *a, *b, *c, *d;
      if (from_x >= 0 && from_y >= 0 && from_x + 1 < image.width && from_y + 1 < image.height) {
        a = image.pixel(static_cast<int>(from_x), static_cast<int>(from_y));
        b = a + 3;
        c = a + image.stride();
        d = c + 3;
      } else {
        a = tap(from_x, from_y);
        b = tap(from_x + 1, from_y);
        c = tap(from_x, from_y + 1);
        d = tap(from_x + 1, from_y + 1);
      }
      for (int k = 0; k < 3; ++k) {
        const int upper = (32 - right) * a[k] + right * b[k], lower = (32 - right) * c[k] + right * d[k];
        to[k] = static_cast<std::uint8_t>(((32 - below) * upper + below * lower + 512) >> 10);
      }
    }
  }
  return result;
}

/// (x, y) to (x + factor * y, y). The factor passes through float, as in the published code.
inline Affine shear_x(double factor) { return {1.0, static_cast<float>(factor), 0.0, 0.0, 1.0, 0.0}; }
/// (x, y) to (x, y + factor * x).
inline Affine shear_y(double factor) { return {1.0, 0.0, 0.0, static_cast<float>(factor), 1.0, 0.0}; }
/// Column x of the result is column x + shift of the picture. **Units.** pixels.
inline Affine translate_x(double shift) { return {1.0, 0.0, -static_cast<float>(shift), 0.0, 1.0, 0.0}; }
/// Row y of the result is row y + shift of the picture. **Units.** pixels.
inline Affine translate_y(double shift) { return {1.0, 0.0, 0.0, 0.0, 1.0, -static_cast<float>(shift)}; }

/// Counter-clockwise about (width / 2, height / 2). **Units.** degrees. **Source.** cv2.getRotationMatrix2D.
inline Affine rotation(double degrees, int width, int height) {
  constexpr double pi = 3.14159265358979323846;
  const double angle = rounded_product(degrees, pi / 180.0);
  const double cosine = std::cos(angle), sine = std::sin(angle);
  const double x = width / 2.0, y = height / 2.0;
  return {cosine, sine,   rounded_product(1.0 - cosine, x) - rounded_product(sine, y),
          -sine,  cosine, rounded_product(sine, x) + rounded_product(1.0 - cosine, y)};
}

}  // namespace ctp::data
