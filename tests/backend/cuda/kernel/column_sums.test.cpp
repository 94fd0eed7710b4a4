#include <ctp/backend/cuda/kernel/column_sums.hpp>

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

}  // namespace

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
