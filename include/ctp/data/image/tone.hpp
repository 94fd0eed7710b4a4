/// @file   ctp/data/image/tone.hpp
/// @brief  Adjustments of contrast, brightness and sharpness.
/// @layer  data
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <ctp/core/rounded_product.hpp>
#include <ctp/data/image/image.hpp>

namespace ctp::data {

namespace detail {

using ToneTable = std::array<std::uint8_t, 256>;

/// Histogram of the values of each channel.
inline std::array<std::array<std::int64_t, 256>, 3> histograms(const Image& image) {
  std::array<std::array<std::int64_t, 256>, 3> counts{};
  for (std::size_t i = 0; i < image.rgb.size(); i += 3) {
    for (std::size_t c = 0; c < 3; ++c) ++counts[c][image.rgb[i + c]];
  }
  return counts;
}

/// Replaces each value by table[channel][value].
inline Image mapped(Image image, const std::array<ToneTable, 3>& tables) {
  for (std::size_t i = 0; i < image.rgb.size(); i += 3) {
    for (std::size_t c = 0; c < 3; ++c) image.rgb[i + c] = tables[c][image.rgb[i + c]];
  }
  return image;
}

inline std::uint8_t clamped_byte(double value) { return static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0)); }

}  // namespace detail

/// @brief Stretches each channel linearly so that its darkest value becomes 0 and its brightest 255.
///
/// `published`: reproduces a defect of the published code, which negates the darkest value in 8 bits. Unless the
/// darkest value is 0, the whole channel becomes white.
///
/// **Source.** Equal to Pillow's ImageOps.autocontrast; with `published` to `autocontrast_func` of the released CTP and
/// ALBEF code under numpy.
inline Image auto_contrast(Image image, bool published = false) {
  require_pixels(image, "auto_contrast");
  const auto counts = detail::histograms(image);
  std::array<detail::ToneTable, 3> tables{};
  for (std::size_t c = 0; c < 3; ++c) {
    int low = 0, high = 255;
    while (counts[c][static_cast<std::size_t>(low)] == 0) ++low;
    while (counts[c][static_cast<std::size_t>(high)] == 0) --high;
    const double scale = high > low ? 255.0 / (high - low) : 1.0;
    const int negated = published && low > 0 ? 256 - low : -low;
    const double offset = high > low ? rounded_product(negated, scale) : 0.0;
    for (std::size_t v = 0; v < 256; ++v) {
      tables[c][v] = detail::clamped_byte(rounded_product(static_cast<double>(v), scale) + offset);
    }
  }
  return detail::mapped(std::move(image), tables);
}

/// @brief Histogram equalisation of each channel.
///
/// **Source.** Equal to Pillow's ImageOps.equalize and to `equalize_func` of the released code, up to 2^24 pixels.
inline Image equalize(Image image) {
  require_pixels(image, "equalize");
  const auto counts = detail::histograms(image);
  std::array<detail::ToneTable, 3> tables{};
  for (std::size_t c = 0; c < 3; ++c) {
    std::size_t last = 255;  // brightest value in the picture; excluded from the sum
    while (counts[c][last] == 0) --last;
    std::int64_t others = 0;
    for (std::size_t v = 0; v < last; ++v) others += counts[c][v];
    const std::int64_t step = others / 255;
    std::int64_t seen = step / 2;
    for (std::size_t v = 0; v < 256; ++v) {
      tables[c][v] = step == 0 ? static_cast<std::uint8_t>(v)
                               : static_cast<std::uint8_t>(std::min<std::int64_t>(seen / step, 255));
      seen += counts[c][v];
    }
  }
  return detail::mapped(std::move(image), tables);
}

/// Multiplies every value by `factor` >= 0 and clamps to bytes. **Source.** `brightness_func` of the released code.
inline Image brightness(Image image, double factor) {
  require_pixels(image, "brightness");
  detail::ToneTable table{};
  const auto scale = static_cast<float>(factor);
  for (std::size_t v = 0; v < 256; ++v) table[v] = detail::clamped_byte(static_cast<float>(v) * scale);
  return detail::mapped(std::move(image), {table, table, table});
}

/// @brief Sharpens (factor > 1) or blurs (factor < 1) by scaling the difference of a pixel to its smoothed value.
///
/// Pixels on the border do not change.
///
/// **Source.** `sharpness_func` of the released code, for factors other than 0. Values outside a byte are clamped here;
/// numpy's conversion leaves them undefined. A factor of 1 changes no pixel.
inline Image sharpness(const Image& image, double factor) {
  require_pixels(image, "sharpness");
  Image result = image;
  if (factor == 1.0) return result;
  const auto scale = static_cast<float>(factor);
  const std::size_t stride = image.stride();
  for (int y = 1; y + 1 < image.height; ++y) {
    for (int x = 1; x + 1 < image.width; ++x) {
      const std::uint8_t* const at = image.pixel(x, y);
      for (std::size_t c = 0; c < 3; ++c) {
        const std::uint8_t* const p = at + c;
        const int around = p[-3] + p[3] + *(p - stride) + *(p - stride - 3) + *(p - stride + 3) + p[stride] +
                           *(p + stride - 3) + p[stride + 3];
        const int smooth = (2 * (around + 5 * *p) + 13) / 26;  // the weighted mean, rounded; never half-way
        const auto difference = static_cast<double>(scale * static_cast<float>(*p - smooth));
        result.pixel(x, y)[c] = detail::clamped_byte(static_cast<float>(smooth + difference));
      }
    }
  }
  return result;
}

}  // namespace ctp::data
