#include <ctp/core/bicubic.hpp>

#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace {

/// The weights of one output for all inputs.
std::vector<double> row(int inputs, int outputs, std::size_t output) {
  const ctp::BicubicWeights weights = ctp::bicubic_weights(inputs, outputs);
  std::vector<double> all(static_cast<std::size_t>(inputs), 0.0);
  const auto [first, count] = weights.spans[output];
  for (int i = 0; i < count; ++i) all[static_cast<std::size_t>(first + i)] = weights.of(output)[i];
  return all;
}

}  // namespace

TEST_CASE("bicubic: values of the cubic with a = -0.5") {
  CHECK(ctp::bicubic(0) == 1);
  CHECK(ctp::bicubic(0.5) == 0.5625);    // 1.5 / 8 - 2.5 / 4 + 1
  CHECK(ctp::bicubic(-1.5) == -0.0625);  // -0.5 (27/8 - 45/4 + 12 - 4)
  CHECK(ctp::bicubic(1) == 0);
  CHECK(ctp::bicubic(2) == 0);
}

TEST_CASE("bicubic: an axis of the same length is copied") {
  for (std::size_t o = 0; o < 5; ++o)
    for (std::size_t i = 0; i < 5; ++i) CHECK(row(5, 5, o)[i] == (i == o ? 1.0 : 0.0));
}

TEST_CASE("bicubic: weights sum to 1, and a line stays a line away from the ends") {
  for (const auto& [inputs, outputs] : {std::pair{2, 3}, {14, 24}, {24, 14}, {7, 3}, {1, 4}, {40, 1}})
    for (int o = 0; o < outputs; ++o) {
      CAPTURE(inputs);
      CAPTURE(outputs);
      CAPTURE(o);
      const std::vector<double> weights = row(inputs, outputs, static_cast<std::size_t>(o));
      double sum = 0, place = 0;
      for (std::size_t i = 0; i < weights.size(); ++i) {
        sum += weights[i];
        place += weights[i] * static_cast<double>(i);
      }
      CHECK(std::abs(sum - 1) < 1e-14);
      const double scale = static_cast<double>(inputs) / outputs, centre = (o + 0.5) * scale - 0.5;
      // Keys' cubic reproduces lines where all its places are there and it is not stretched.
      if (scale <= 1 && centre >= 1 && centre <= inputs - 2) CHECK(std::abs(place - centre) < 1e-13);
    }
}

TEST_CASE("bicubic: a smaller axis takes all the inputs between two outputs") {
  const std::vector<double> weights = row(8, 2, 0);  // stretched four times: inputs 0 to 7 around 1.5
  CHECK(weights[1] > 0);
  CHECK(weights[1] == weights[2]);
  CHECK(weights[3] > 0);
  CHECK(weights[6] < 0);
}
