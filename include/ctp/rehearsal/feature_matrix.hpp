/// @file   ctp/rehearsal/feature_matrix.hpp
/// @brief  Feature matrix for exemplar selection: finite, in double, and small enough to square.
/// @layer  rehearsal
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::rehearsal {

/// @brief A copy of features in double. **Shapes.** [count, width].
///
/// Features with overflowing squares are scaled by a power of two; the order of distances and products stays.
/// **Errors.** NumericError for a number that is not finite, with name(row) of the first such row; UsageError if the
/// features are not whole rows.
class FeatureMatrix {
 public:
  template <class Real>
  FeatureMatrix(std::span<const Real> features, std::size_t width,
                const std::function<std::string(std::size_t)>& name = {})
      : values_(features.begin(), features.end()), width_(width), count_(width == 0 ? 0 : features.size() / width) {
    require(count_ * width_ == features.size(), "exemplars",
            "expected rows of " + std::to_string(width) + " features, found " + std::to_string(features.size()) +
                " numbers in all");
    double largest = 0;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (!std::isfinite(values_[i]))
        throw NumericError("exemplars: expected finite features, found NaN or infinity in those of pair " +
                           (name ? name(i / width_) : std::to_string(i / width_)) +
                           "; has the model diverged, or is the pair's picture damaged?");
      largest = std::max(largest, std::abs(values_[i]));
    }
    constexpr double safe = 1e100;
    if (largest <= safe) return;
    const int exponent = -std::ilogb(largest);
    for (double& x : values_) x = std::ldexp(x, exponent);
  }

  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t width() const { return width_; }
  [[nodiscard]] const double* operator[](std::size_t i) const { return values_.data() + i * width_; }
  /// The mean of all rows.
  [[nodiscard]] std::vector<double> mean() const {
    std::vector<double> sum(width_);
    for (std::size_t i = 0; i < count_; ++i)
      for (std::size_t j = 0; j < width_; ++j) sum[j] += (*this)[i][j];
    for (double& x : sum) x /= static_cast<double>(count_);
    return sum;
  }

 private:
  std::vector<double> values_;
  std::size_t width_, count_;
};

}  // namespace ctp::rehearsal
