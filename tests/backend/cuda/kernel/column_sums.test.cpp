#include <ctp/backend/cuda/kernel/column_sums.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <support/simulated_cuda.hpp>

namespace {

namespace kernel = ctp::backend::cuda::kernel;
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
  CTP_HD kernel::Two<float> operator()(ctp::Index row, ctp::Index column) const {
    return {x[row * columns + column], 3 * x[row * columns + column]};
  }
};

/// The sum of the parts' sums in the stated order: as many lanes as let each have at most eight parts, but at most 64;
/// the lanes' sums are added by halves.
float sum_of_parts(const std::vector<float>& parts) {
  std::size_t lanes = 1;
  while (lanes < 64 && 8 * lanes < parts.size()) lanes *= 2;
  std::vector<float> of_lane(lanes);
  for (std::size_t part = 0; part < parts.size(); ++part) of_lane[part % lanes] += parts[part];
  for (; lanes > 1; lanes /= 2)
    for (std::size_t lane = 0; lane < lanes / 2; ++lane) of_lane[lane] += of_lane[lane + lanes / 2];
  return of_lane[0];
}

/// The column sums of x in the stated order: a part has about 16 consecutive rows or more, and there are at most 262144
/// sums of parts; rows are added to a part, parts to each other, and their sum to the existing sum.
std::vector<float> sums_in_order(ctp::Index rows, ctp::Index columns, const std::vector<float>& x, float before) {
  const ctp::Index most = std::max<ctp::Index>(1, std::min<ctp::Index>((rows + 15) / 16, 262144 / columns));
  const ctp::Index of_part = (rows + most - 1) / most;
  std::vector<float> sums;
  for (ctp::Index column = 0; column < columns; ++column) {
    std::vector<float> parts;
    for (ctp::Index row = 0; row < rows; ++row) {
      if (row % of_part == 0) parts.push_back(0);
      parts.back() += x[static_cast<std::size_t>(row * columns + column)];
    }
    sums.push_back(before + sum_of_parts(parts));
  }
  return sums;
}

}  // namespace

TEST_CASE("column sums: the order of the additions is fixed, to the last bit, for terms that read and that write") {
  using Single = ctp::test::SimulatedRuntime<float>;
  for (const ctp::Index rows : {1, 7, 8, 9, 17, 40, 300, 599})
    for (const ctp::Index columns : {1, 4, 31, 128, 129, 200, 4099}) {
      CAPTURE(rows);
      CAPTURE(columns);
      std::vector<float> x;
      for (ctp::Index i = 0; i < rows * columns; ++i) x.push_back(number(i));
      std::vector<float> sums(static_cast<std::size_t>(columns), 0.7F), doubled = sums, twice = x;
      for (float& v : twice) v *= 2;
      const kernel::Element<float> element{columns, x.data()};
      ctp::backend::cuda::add_column_sums<Single>(rows, columns, element, sums.data());
      CHECK(sums == sums_in_order(rows, columns, x, 0.7F));
      ctp::backend::cuda::add_column_sums<Single>(rows, columns, Doubled{columns, x.data()}, doubled.data());
      CHECK(x == twice);
      CHECK(doubled == sums_in_order(rows, columns, twice, 0.7F));
    }
}

TEST_CASE("column sums: columns one by one and four at a time have the same sums, and so have many parts") {
  using Single = ctp::test::SimulatedRuntime<float>;
  for (const ctp::Index rows : {5, 16, 129, 9000})
    for (const ctp::Index columns : {4, 20})
      for (const ctp::Index begin : {0, 1, 4}) {
        CAPTURE(rows);
        CAPTURE(columns);
        CAPTURE(begin);
        std::vector<float> x;
        for (ctp::Index i = 0; i < rows * columns; ++i)
          x.push_back(kernel::bfloat16_value(kernel::bfloat16_bits(number(i))));
        std::vector<std::uint16_t> rounded(static_cast<std::size_t>(begin));
        for (const float v : x) rounded.push_back(static_cast<std::uint16_t>(kernel::bfloat16_bits(v)));
        std::vector<float> sums(static_cast<std::size_t>(columns), 0.7F);
        const kernel::Element<float, kernel::Bfloat16> element{
            columns, reinterpret_cast<const kernel::Bfloat16*>(rounded.data()) + begin};
        CHECK(element.has_fours() == (begin % 4 == 0));
        ctp::backend::cuda::add_column_sums<Single>(rows, columns, element, sums.data());
        CHECK(sums == sums_in_order(rows, columns, x, 0.7F));
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
                                                  kernel::Two<float*>{first.data(), second.data()});
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
