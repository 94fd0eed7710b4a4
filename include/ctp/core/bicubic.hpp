/// @file   ctp/core/bicubic.hpp
/// @brief  Weights of antialiased bicubic resampling along one axis.
/// @layer  core
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <ctp/core/rounded_product.hpp>

namespace ctp {

/// Keys' cubic with a = -0.5, as Pillow evaluates it.
inline double bicubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1.0) return rounded_product(rounded_product(rounded_product(a + 2.0, x) - (a + 3.0), x), x) + 1.0;
  if (x < 2.0) return rounded_product(rounded_product(rounded_product(x - 5.0, x) + 8.0, x) - 4.0, a);
  return 0.0;
}

/// @brief Weights of the inputs of each output of a resampled axis. The inputs of an output are neighbours, and their
/// weights sum to 1.
struct BicubicWeights {
  struct Span {
    int first = 0, count = 0;
  };
  std::vector<Span> spans;      ///< [outputs]
  std::vector<double> weights;  ///< [outputs, taps]
  std::size_t taps = 0;         ///< largest number of inputs of an output

  [[nodiscard]] const double* of(std::size_t output) const { return weights.data() + output * taps; }
};

/// @brief Weights of an axis resampled from `inputs` to `outputs` places. A smaller axis stretches the cubic by the
/// scale, which is antialiasing; at the ends the weights of the places that are there are divided by their sum.
///
/// Precondition: both numbers are at least 1.  **Source.** Pillow's BICUBIC, the same filter as
/// `torch.nn.functional.interpolate(mode="bicubic", antialias=True)`.
inline BicubicWeights bicubic_weights(int inputs, int outputs) {
  const double scale = static_cast<double>(inputs) / outputs;
  const double stretch = std::max(scale, 1.0);
  const double support = 2.0 * stretch, shrink = 1.0 / stretch;
  BicubicWeights result;
  result.taps = static_cast<std::size_t>(std::ceil(support)) * 2 + 1;
  result.spans.resize(static_cast<std::size_t>(outputs));
  result.weights.assign(static_cast<std::size_t>(outputs) * result.taps, 0.0);
  for (int o = 0; o < outputs; ++o) {
    const double centre = rounded_product(o + 0.5, scale);
    const int first = std::max(static_cast<int>(centre - support + 0.5), 0);
    const int count = std::min(static_cast<int>(centre + support + 0.5), inputs) - first;
    double* const out = result.weights.data() + static_cast<std::size_t>(o) * result.taps;
    double sum = 0.0;
    for (int i = 0; i < count; ++i) sum += out[i] = bicubic(rounded_product(i + first - centre + 0.5, shrink));
    if (sum != 0.0)
      for (int i = 0; i < count; ++i) out[i] /= sum;
    result.spans[static_cast<std::size_t>(o)] = {first, count};
  }
  return result;
}

}  // namespace ctp
