// Rounding and storage of operands, by hand. tensor_tile.test.cpp has the products.
#include <ctp/backend/cuda/kernel/tensor_form.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include <doctest/doctest.h>

namespace {

namespace kernel = ctp::backend::cuda::kernel;

float rounded(float x) { return std::bit_cast<float>(kernel::tf32_bits(x)); }

}  // namespace

TEST_CASE("tensor_form: TF32 has 10 bits of mantissa, ties to even") {
  const auto two_to = [](int exponent) { return std::ldexp(1.F, exponent); };
  for (const float sign : {1.F, -1.F}) {
    CHECK(rounded(sign) == sign);
    CHECK(rounded(sign * (1 + two_to(-10))) == sign * (1 + two_to(-10)));
    CHECK(rounded(sign * (1 + two_to(-11))) == sign);                         // a tie: down, to even
    CHECK(rounded(sign * (1 + 3 * two_to(-11))) == sign * (1 + two_to(-9)));  // a tie: up, to even
    CHECK(rounded(sign * (1 + two_to(-11) + two_to(-23))) == sign * (1 + two_to(-10)));
    CHECK(rounded(sign * (2 - two_to(-23))) == sign * 2);
    CHECK(rounded(sign * std::numeric_limits<float>::infinity()) == sign * std::numeric_limits<float>::infinity());
  }
  CHECK(std::isnan(rounded(std::nanf(""))));
  CHECK(std::isnan(rounded(std::bit_cast<float>(0x7F800001U))));  // its mantissa would be rounded away
}

TEST_CASE("tensor_form: two neighbours lie in one word, the first in the low half") {
  CHECK(kernel::bfloat16_pair(1, -2) == 0xC0003F80U);  // 1 is 3F80 in bfloat16, -2 is C000
}

TEST_CASE("tensor_form: four neighbours are stored rounded") {
  const kernel::Quad<float> quad{{1, -2, 1 + 0x1p-20F, 0}};
  alignas(8) std::uint16_t halves[4] = {};
  kernel::Bf16Form::store(quad, halves);
  CHECK(halves[0] == 0x3F80);
  CHECK(halves[1] == 0xC000);
  CHECK(halves[2] == 0x3F80);
  CHECK(halves[3] == 0);
  alignas(16) std::uint32_t words[4] = {};
  kernel::Tf32Form::store(quad, words);
  CHECK(words[0] == 0x3F800000U);
  CHECK(words[1] == 0xC0000000U);
  CHECK(words[2] == 0x3F800000U);
  CHECK(words[3] == 0U);
}
