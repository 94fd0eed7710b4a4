#include <ctp/backend/cuda/kernel/column_sums.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <support/simulated_cuda.hpp>

namespace {

using Runtime = ctp::test::SimulatedRuntime<double>;

/// Terms whose sum is exact in double in any order.
struct Term {
  CTP_HD double operator()(ctp::Index row, ctp::Index column) const {
    return static_cast<double>((row * 31 + column * 17) % 101 - 50);
  }
};

std::vector<double> sums_of(ctp::Index rows, ctp::Index columns) {
  std::vector<double> sums(static_cast<std::size_t>(columns), 0.5);
  ctp::backend::cuda::add_column_sums<Runtime>(rows, columns, Term{}, sums.data());
  return sums;
}

/// Numbers whose sum depends on the order of the additions.
float number(ctp::Index i) {
  const auto bits = static_cast<std::uint32_t>(i + 1) * 2654435761U;
  return static_cast<float>(bits >> 8U) / 977.F * ((bits & 1U) != 0 ? 1.F : -1.F) / static_cast<float>(1 + i % 13);
}

/// A term that replaces x by twice x.
struct Doubled {
  ctp::Index columns;
  float* x;
  [[nodiscard]] CTP_HD float read(ctp::Index row, ctp::Index column) const { return x[row * columns + column]; }
  CTP_HD float use(float loaded, ctp::Index row, ctp::Index column) const {
    return x[row * columns + column] = 2 * loaded;
  }
};

/// The terms x and 3 x.
struct OnceAndThrice {
  ctp::Index columns;
  const float* x;
  CTP_HD ctp::backend::cuda::kernel::Two<float> operator()(ctp::Index row, ctp::Index column) const {
    return {x[row * columns + column], 3 * x[row * columns + column]};
  }
};

/// The column sums of x in the stated order: a part has at least 16 consecutive rows, and there are at most 131072 sums
/// of parts; rows are added to a part, parts to each other, and their sum to the existing sum.
std::vector<float> sums_in_order(ctp::Index rows, ctp::Index columns, const std::vector<float>& x, float before) {
  const ctp::Index most = std::max<ctp::Index>(1, std::min<ctp::Index>((rows + 15) / 16, 131072 / columns));
  const ctp::Index of_part = (rows + most - 1) / most;
  std::vector<float> sums;
  for (ctp::Index column = 0; column < columns; ++column) {
    float sum = 0, part = 0;
    for (ctp::Index row = 0; row < rows; ++row) {
      part += x[static_cast<std::size_t>(row * columns + column)];
      if ((row + 1) % of_part != 0 && row + 1 != rows) continue;
      sum += part;
      part = 0;
    }
    sums.push_back(before + sum);
  }
  return sums;
}

}  // namespace

TEST_CASE("column sums: the order of the additions is fixed, to the last bit, for terms that read and that write") {
  using Single = ctp::test::SimulatedRuntime<float>;
  for (const ctp::Index rows : {1, 7, 8, 9, 17, 40, 300, 599})
    for (const ctp::Index columns : {1, 31, 128, 129, 200, 4099}) {
      CAPTURE(rows);
      CAPTURE(columns);
      std::vector<float> x;
      for (ctp::Index i = 0; i < rows * columns; ++i) x.push_back(number(i));
      std::vector<float> sums(static_cast<std::size_t>(columns), 0.7F), doubled = sums, twice = x;
      for (float& v : twice) v *= 2;
      const ctp::backend::cuda::kernel::Element<float> element{columns, x.data()};
      ctp::backend::cuda::add_column_sums<Single>(rows, columns, element, sums.data());
      CHECK(sums == sums_in_order(rows, columns, x, 0.7F));
      ctp::backend::cuda::add_column_sums<Single>(rows, columns, Doubled{columns, x.data()}, doubled.data());
      CHECK(x == twice);
      CHECK(doubled == sums_in_order(rows, columns, twice, 0.7F));
    }
}

TEST_CASE("column sums: two sums in one pass have the bits that each has alone") {
  using Single = ctp::test::SimulatedRuntime<float>;
  for (const ctp::Index rows : {1, 7, 8, 9, 17, 300})
    for (const ctp::Index columns : {1, 31, 128, 129, 200}) {
      CAPTURE(rows);
      CAPTURE(columns);
      std::vector<float> x, thrice;
      for (ctp::Index i = 0; i < rows * columns; ++i) thrice.push_back(3 * x.emplace_back(number(i)));
      std::vector<float> first(static_cast<std::size_t>(columns), 0.7F), second(first.size(), 0.9F);
      ctp::backend::cuda::add_column_sums<Single>(rows, columns, OnceAndThrice{columns, x.data()},
                                                  ctp::backend::cuda::kernel::Two<float*>{first.data(), second.data()});
      CHECK(first == sums_in_order(rows, columns, x, 0.7F));
      CHECK(second == sums_in_order(rows, columns, thrice, 0.9F));
    }
}

TEST_CASE("column sums: every row is added once to the existing sums") {
  for (const ctp::Index rows : {1, 15, 16, 17, 31, 33, 100, 1000})
    for (const ctp::Index columns : {1, 7, 257}) {
      CAPTURE(rows);
      CAPTURE(columns);
      std::vector<double> expected(static_cast<std::size_t>(columns), 0.5);
      for (ctp::Index row = 0; row < rows; ++row)
        for (ctp::Index column = 0; column < columns; ++column)
          expected[static_cast<std::size_t>(column)] += Term{}(row, column);
      CHECK(sums_of(rows, columns) == expected);
    }
}

TEST_CASE("column sums: many columns make one part of all rows") {
  const auto sums = sums_of(40, 140'000);
  double expected = 0.5;
  for (ctp::Index row = 0; row < 40; ++row) expected += Term{}(row, 139'999);
  CHECK(sums.back() == expected);
}

TEST_CASE("column sums: without rows or columns nothing changes") {
  double sum = 3;
  ctp::backend::cuda::add_column_sums<Runtime>(0, 1, Term{}, &sum);
  ctp::backend::cuda::add_column_sums<Runtime>(1, 0, Term{}, &sum);
  CHECK(sum == 3);
}
