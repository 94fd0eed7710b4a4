/// @file   ctp/data/image/augment.hpp
/// @brief  Image preprocessing for training (augmentation) and evaluation (resizing).
/// @layer  data
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <ctp/core/error.hpp>
#include <ctp/core/philox.hpp>
#include <ctp/data/image/image.hpp>
#include <ctp/data/image/randaugment.hpp>
#include <ctp/data/image/resize.hpp>

namespace ctp::data {

/// @brief Settings of the training augmentation, with the published defaults.
///
/// **Source.** Released CTP code, data/__init__.py.
struct Augmentation {
  double min_scale = 0.2, max_scale = 1.0;              ///< area of a crop over the picture's area
  double min_ratio = 3.0 / 4.0, max_ratio = 4.0 / 3.0;  ///< width of a crop over its height
  double flip = 0.5;                                    ///< probability of a mirror image
  RandAugment operations;
};

/// @brief Draws a random crop of a picture of width x height.
///
/// Draws area and ratio up to ten times; if no crop fits, returns the largest centred crop with a permitted ratio.
/// **Errors.** UsageError for sides below 1, and for ranges that are empty or not positive.
/// **Source.** torchvision's RandomResizedCrop.get_params, in its order of draws: area, ratio, row, column.
inline Box random_crop(int width, int height, const Augmentation& settings, RandomSubstream& random) {
  if (!(width > 0 && height > 0 && settings.min_scale > 0.0 && settings.min_scale <= settings.max_scale &&
        settings.min_ratio > 0.0 && settings.min_ratio <= settings.max_ratio)) {
    throw UsageError(Complaint{"random_crop", "settings", "a picture, and scales and ratios from low to high above 0",
                               std::to_string(width) + " x " + std::to_string(height) + ", scale " +
                                   std::to_string(settings.min_scale) + " to " + std::to_string(settings.max_scale) +
                                   ", ratio " + std::to_string(settings.min_ratio) + " to " +
                                   std::to_string(settings.max_ratio),
                               ""}
                         .text());
  }
  const auto whole = [](double value) { return static_cast<int>(std::nearbyint(std::min(value, 1e9))); };
  const double area = static_cast<double>(width) * height;
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double wanted = area * random.uniform(settings.min_scale, settings.max_scale);
    const double ratio = std::exp(random.uniform(std::log(settings.min_ratio), std::log(settings.max_ratio)));
    const int w = whole(std::sqrt(wanted * ratio)), h = whole(std::sqrt(wanted / ratio));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    const int y = static_cast<int>(random.below(static_cast<std::uint32_t>(height - h + 1)));
    const int x = static_cast<int>(random.below(static_cast<std::uint32_t>(width - w + 1)));
    return {x, y, x + w, y + h};
  }
  const double ratio = static_cast<double>(width) / height;
  int w = width, h = height;
  if (ratio < settings.min_ratio) h = std::clamp(whole(w / settings.min_ratio), 1, height);
  if (ratio > settings.max_ratio) w = std::clamp(whole(h * settings.max_ratio), 1, width);
  const int x = (width - w) / 2, y = (height - h) / 2;
  return {x, y, x + w, y + h};
}

/// The mirror image, left and right exchanged.
inline Image flip_horizontally(Image image) {
  require_pixels(image, "flip_horizontally");
  for (int y = 0; y < image.height; ++y) {
    for (int left = 0, right = image.width - 1; left < right; ++left, --right) {
      std::swap_ranges(image.pixel(left, y), image.pixel(left, y) + 3, image.pixel(right, y));
    }
  }
  return image;
}

/// @brief Training augmentation: random crop, bicubic resizing to size x size, random flip, RandAugment.
///
/// **Shapes.** returns [size, size, 3]. All random numbers come from `random`.
/// **Errors.** UsageError for an empty picture or settings out of range.
inline Image augment_for_training(const Image& image, int size, RandomSubstream& random,
                                  const Augmentation& settings = {}) {
  require_pixels(image, "augment_for_training");
  const Box box = random_crop(image.width, image.height, settings, random);
  Image result = resize_bicubic(image, box, size, size);
  if (random.uniform() < settings.flip) result = flip_horizontally(std::move(result));
  return rand_augment(std::move(result), settings.operations, random);
}

/// Evaluation preprocessing: bicubic resizing of the whole picture. **Shapes.** returns [size, size, 3].
inline Image resize_for_test(const Image& image, int size) { return resize_bicubic(image, size, size); }

}  // namespace ctp::data
