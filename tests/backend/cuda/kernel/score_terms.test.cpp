// Terms of scores against the standard library, and dropout factors of a warp's weights against dropout_row().
#include <ctp/backend/cuda/kernel/score_terms.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

namespace {

namespace kernel = ctp::backend::cuda::kernel;

/// A block of one thread.
struct OneThread {
  [[nodiscard]] int id() const { return 0; }
  [[nodiscard]] int threads() const { return 1; }
};

}  // namespace

TEST_CASE("score_terms: a softmax of powers of two has the weights of one of powers of e") {
  for (const float x : {-20.F, -1.F, 0.F, 0.3F, 5.F}) {
    const double of_64 = std::exp(static_cast<double>(x) / 8),
                 of_32 = std::exp(static_cast<double>(x) / std::sqrt(32.0));
    CHECK(static_cast<double>(kernel::exp2_of(kernel::score_scale<64>() * x)) == doctest::Approx(of_64).epsilon(1e-6));
    CHECK(static_cast<double>(kernel::exp2_of(kernel::score_scale<32>() * x)) == doctest::Approx(of_32).epsilon(1e-6));
  }
  const float bias[] = {0.F, -2.F};
  CHECK(kernel::exp2_of(kernel::bias_in_log2(bias, 1)) == doctest::Approx(std::exp(-2.0)).epsilon(1e-6));
  CHECK(kernel::bias_in_log2(nullptr, 1) == 0.F);
}

TEST_CASE("score_terms: a lane's weights get the factors of their rows and columns") {
  const std::vector<std::uint32_t> ordinals = {77};
  const ctp::backend::Dropout layer{0.4F, {1, 2}, 3, 4, ordinals.data(), 5};
  constexpr int columns = 200, first = 128;  // the second chunk
  std::vector<std::uint8_t> bytes(kernel::KeptBits::bytes(32, 1));
  const kernel::KeptBits kept(bytes.data(), 0, 1, 1);
  kept.fill(OneThread{}, layer, ordinals[0], 32, columns);
  for (int lane = 0; lane < 32; ++lane) {
    const kernel::Fragment f(lane);
    float p[4][4];
    for (auto& row : p)
      for (float& x : row) x = 2;
    kernel::multiply_by_factors<32>(f, kept, layer.scale(), 16, 32, p);
    for (int n = 0; n < 4; ++n)
      for (int e = 0; e < 4; ++e) {
        std::vector<float> factor(columns);
        const int row = 16 + f.group + e / 2 * 8, column = first + 32 + n * 8 + f.pair * 2 + e % 2;
        ctp::backend::dropout_row(layer, 0, static_cast<std::uint32_t>(row), columns, factor.data());
        CHECK(p[n][e] == 2 * factor[static_cast<std::size_t>(column)]);
      }
  }
}
