// Rounding and layout of tiles, by hand. tensor_attention.test.cpp has the products.
#include <ctp/backend/cuda/kernel/tensor_tile.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

namespace {

namespace kernel = ctp::backend::cuda::kernel;
using ctp::Index;

/// A block of one thread.
struct OneThread {
  [[nodiscard]] int id() const { return 0; }
  [[nodiscard]] int threads() const { return 1; }
};

float rounded(float x) { return std::bit_cast<float>(kernel::tf32_bits(x)); }

}  // namespace

TEST_CASE("tensor_tile: TF32 has 10 bits of mantissa, ties to even") {
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

TEST_CASE("tensor_tile: two neighbours lie in one word, the first in the low half") {
  CHECK(kernel::pack(1, -2) == 0xC0003F80U);  // 1 is 3F80 in bfloat16, -2 is C000
}

TEST_CASE_TEMPLATE("tensor_tile: a tile has the rows and the columns of a head, and zeros behind the last row", Form,
                   kernel::Bf16Form, kernel::Tf32Form) {
  constexpr int width = 16;
  constexpr Index stride = 19, first = 2, n = 40;
  using Tile = kernel::Tile<Form, width>;
  using Number = typename Form::Number;
  std::vector<float> memory(static_cast<std::size_t>(n * stride));
  for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = static_cast<float>(i % 251) + 1;
  const Number untouched = 77;
  std::vector<Number> rows(static_cast<std::size_t>(Tile::rows_size), untouched),
      columns(static_cast<std::size_t>(Tile::columns_size), untouched);

  Tile::load(OneThread{}, memory.data(), stride, first, n, rows.data(), columns.data());

  for (Index row = 0; row < kernel::tile_rows; ++row)
    for (Index column = 0; column < width; ++column) {
      const Index from = first + row;
      const float x = from < n ? memory[static_cast<std::size_t>(from * stride + column)] : 0.F;
      CHECK(rows[static_cast<std::size_t>(row * Tile::row_stride + column)] == Form::number(x));
      CHECK(columns[static_cast<std::size_t>(column * Tile::column_stride + row)] == Form::number(x));
    }
  CHECK(rows[static_cast<std::size_t>(width)] == untouched);  // the gap behind a row
  CHECK(columns[static_cast<std::size_t>(kernel::tile_rows)] == untouched);
}
