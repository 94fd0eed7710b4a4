/// @file   ctp/data/image/resize.hpp
/// @brief  Antialiased bicubic resizing, bit-identical to Pillow.
/// @layer  data
///
/// As in Pillow: bicubic weights stretched by the scale, as integers in units of 2^-22; first along rows, then along
/// columns, with rounding to 8 bits in between.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/bicubic.hpp>
#include <ctp/core/error.hpp>
#include <ctp/core/rounded_product.hpp>
#include <ctp/data/image/image.hpp>

namespace ctp::data {

/// Rectangle of a picture: columns x0 <= x < x1 of rows y0 <= y < y1. **Units.** pixels.
struct Box {
  int x0 = 0, y0 = 0, x1 = 0, y1 = 0;

  [[nodiscard]] int width() const { return x1 - x0; }
  [[nodiscard]] int height() const { return y1 - y0; }
  friend bool operator==(const Box&, const Box&) = default;
};

namespace detail {

/// Weights of the inputs of each output, as integers.
struct ResizeWeights {
  std::vector<BicubicWeights::Span> spans;  ///< [outputs]
  std::vector<int> weights;                 ///< [outputs, taps], units of 2^-22
  std::size_t taps = 0;                     ///< largest number of inputs of an output

  [[nodiscard]] const int* of(std::size_t output) const { return weights.data() + output * taps; }
};

inline constexpr int resize_precision = 22;

/// Weights of an axis resized from `inputs` to `outputs` pixels. **Source.** Pillow's resampling; tests/golden/images
/// holds pictures made by Pillow.
inline ResizeWeights resize_weights(int inputs, int outputs) {
  BicubicWeights exact = bicubic_weights(inputs, outputs);
  ResizeWeights result{std::move(exact.spans), std::vector<int>(exact.weights.size()), exact.taps};
  std::transform(exact.weights.begin(), exact.weights.end(), result.weights.begin(), [](double weight) {
    const double scaled = rounded_product(weight, 1 << resize_precision);
    return static_cast<int>(scaled < 0.0 ? scaled - 0.5 : scaled + 0.5);
  });
  return result;
}

inline std::uint8_t resize_rounded(int sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> resize_precision, 0, 255));
}

/// @brief Resizes along rows: `rows` rows of [in_width, 3] at `stride` bytes become rows of [outputs, 3].
///
/// Transposes sixteen rows at a time, so that the innermost loop is contiguous in memory.
inline void resize_rows(const std::uint8_t* in, std::size_t stride, std::size_t in_width, std::size_t rows,
                        const ResizeWeights& weights, std::uint8_t* out) {
  constexpr std::size_t together = 16, lanes = 3 * together;
  const std::size_t outputs = weights.spans.size();
  std::vector<std::uint8_t> side(in_width * lanes);
  for (std::size_t start = 0; start < rows; start += together) {
    const std::size_t n = std::min(together, rows - start);
    for (std::size_t r = 0; r < n; ++r) {
      const std::uint8_t* const row = in + (start + r) * stride;
      for (std::size_t i = 0; i < 3 * in_width; ++i) side[i * together + r] = row[i];
    }
    for (std::size_t o = 0; o < outputs; ++o) {
      const auto span = weights.spans[o];
      const int* const weight = weights.of(o);
      std::array<int, lanes> sums;
      sums.fill(1 << (resize_precision - 1));
      const std::uint8_t* source = side.data() + static_cast<std::size_t>(span.first) * lanes;
      for (int t = 0; t < span.count; ++t, source += lanes) {
        const int w = weight[t];
        for (std::size_t l = 0; l < lanes; ++l) sums[l] += w * source[l];
      }
      std::array<std::uint8_t, lanes> values;
      for (std::size_t l = 0; l < lanes; ++l) values[l] = resize_rounded(sums[l]);
      for (std::size_t r = 0; r < n; ++r) {
        std::uint8_t* const to = out + ((start + r) * outputs + o) * 3;
        for (std::size_t c = 0; c < 3; ++c) to[c] = values[c * together + r];
      }
    }
  }
}

/// Resizes along columns: rows of `length` bytes at `stride` become weights.spans.size() rows of `length` bytes.
inline void resize_columns(const std::uint8_t* in, std::size_t stride, std::size_t length, const ResizeWeights& weights,
                           std::uint8_t* out) {
  constexpr std::size_t lanes = 64;
  const auto piece = [&](std::size_t o, std::size_t begin, std::size_t n) {
    const auto span = weights.spans[o];
    const int* const weight = weights.of(o);
    std::array<int, lanes> sums;
    sums.fill(1 << (resize_precision - 1));
    const std::uint8_t* source = in + static_cast<std::size_t>(span.first) * stride + begin;
    for (int t = 0; t < span.count; ++t, source += stride) {
      const int w = weight[t];
      if (n == lanes) {
        for (std::size_t l = 0; l < lanes; ++l) sums[l] += w * source[l];
      } else {
        for (std::size_t l = 0; l < n; ++l) sums[l] += w * source[l];
      }
    }
    std::uint8_t* const to = out + o * length + begin;
    for (std::size_t l = 0; l < n; ++l) to[l] = resize_rounded(sums[l]);
  };
  for (std::size_t o = 0; o < weights.spans.size(); ++o) {
    for (std::size_t begin = 0; begin < length; begin += lanes) piece(o, begin, std::min(lanes, length - begin));
  }
}

}  // namespace detail

/// @brief Crops `box` and resizes it to width x height. Pixels outside the box have no influence.
///
/// **Shapes.** returns [height, width, 3].
/// **Errors.** UsageError for a box that is empty or exceeds the picture, and for sides below 1.
/// **Source.** Bit-identical to Pillow's `image.crop(box).resize((width, height), BICUBIC)`, and so to torchvision's
/// resized_crop() of a Pillow image.
inline Image resize_bicubic(const Image& image, const Box& box, int width, int height) {
  require_pixels(image, "resize_bicubic");
  if (box.x0 < 0 || box.y0 < 0 || box.x1 > image.width || box.y1 > image.height || box.width() < 1 ||
      box.height() < 1) {
    throw UsageError(
        Complaint{"resize_bicubic", "box",
                  "at least one pixel of " + std::to_string(image.width) + " x " + std::to_string(image.height),
                  "(" + std::to_string(box.x0) + ", " + std::to_string(box.y0) + ", " + std::to_string(box.x1) + ", " +
                      std::to_string(box.y1) + ")",
                  ""}
            .text());
  }
  Image result(width, height);
  const std::uint8_t* rows = image.pixel(box.x0, box.y0);
  std::size_t stride = image.stride();
  std::vector<std::uint8_t> narrow;
  if (box.width() != width) {
    const auto high = static_cast<std::size_t>(box.height());
    narrow.resize(high * result.stride());
    detail::resize_rows(rows, stride, static_cast<std::size_t>(box.width()), high,
                        detail::resize_weights(box.width(), width), narrow.data());
    rows = narrow.data();
    stride = result.stride();
  }
  if (box.height() != height) {
    detail::resize_columns(rows, stride, result.stride(), detail::resize_weights(box.height(), height),
                           result.rgb.data());
    return result;
  }
  for (int y = 0; y < height; ++y) {
    std::copy_n(rows + static_cast<std::size_t>(y) * stride, result.stride(), result.pixel(0, y));
  }
  return result;
}

/// Resizes the whole picture. **Source.** Bit-identical to Pillow's `image.resize((width, height), BICUBIC)`.
inline Image resize_bicubic(const Image& image, int width, int height) {
  return resize_bicubic(image, Box{0, 0, image.width, image.height}, width, height);
}

}  // namespace ctp::data
