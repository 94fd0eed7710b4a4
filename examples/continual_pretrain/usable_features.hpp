/// @file   usable_features.hpp
/// @brief  Whether a model's weights are good enough to be kept.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <ctp/train/extract.hpp>

namespace pretrain {

inline bool all_finite(const std::vector<float>& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](float x) { return std::isfinite(x); });
}

/// True if all rows [n, width] are the same up to rounding. False for fewer than two rows.
inline bool all_rows_equal(const std::vector<float>& rows, std::size_t width) {
  if (width == 0 || rows.size() < 2 * width) return false;
  float largest = 0;
  for (const float x : rows) largest = std::max(largest, std::fabs(x));
  for (std::size_t i = width; i < rows.size(); ++i)
    if (std::fabs(rows[i] - rows[i % width]) > 1e-5F * largest) return false;
  return true;
}

/// What is wrong with the features of some pairs: not finite, or the same for all pairs. Empty if nothing is.
inline std::string fault_of(const ctp::ExtractedFeatures& features) {
  if (!all_finite(features.image) || !all_finite(features.text) || !all_finite(features.fusion))
    return "those weights or their features are not finite";
  const bool pictures = all_rows_equal(features.image, features.embed),
             texts = all_rows_equal(features.text, features.embed);
  if (!pictures && !texts) return "";
  return std::string("those weights give all ") + (pictures ? "pictures" : "texts") + " the same features";
}

}  // namespace pretrain
