#include <ctp/autograd/rows.hpp>

#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/nn/layout.hpp>
#include <ctp/testing/gradient.hpp>
#include <support/reference.hpp>

using B = ctp::BasicCpu<double>;
using ctp::Pass;
using ctp::Shape;
using ctp::testing::check_gradient;
using ctp::testing::weighted_sum;

namespace {
const ctp::Parameter<2> slot{3, {6, 7}};
const reference::Values theta = reference::random(48, 1);
const std::vector<std::int32_t> repeated = {4, 0, 4, 5, 4};
}  // namespace

TEST_CASE("rows: the gradients of gathered rows, also of repeated ones, are added to their source rows") {
  const auto report = check_gradient<B>(theta, [&](const Pass<B>& pass) {
    return weighted_sum(pass, gather_rows(pass, pass[slot], {repeated.data(), {5}}));
  });
  CHECK_MESSAGE(report.ok, report.log);
}

TEST_CASE("rows: the first rows of sequences differentiate") {
  const auto report =
      check_gradient<B>(theta, [](const Pass<B>& pass) { return weighted_sum(pass, first_rows(pass, pass[slot], 3)); });
  CHECK_MESSAGE(report.ok, report.log);
  ctp::Tape<B> tape;
  const Pass<B> pass{theta.data(), &tape, nullptr, {}};
  CHECK(first_rows(pass, pass[slot], 3).value.data[7] == theta[3 + 2 * 7]);
  CHECK_THROWS_WITH_AS((void)first_rows(pass, pass[slot], 0),
                       "first_rows: x is [6,7] but batch is [0]; rows are batch times sequence length",
                       ctp::ShapeError);
  CHECK_THROWS_WITH_AS((void)first_rows(pass, pass[slot], 4),
                       "first_rows: x is [6,7] but batch is [4]; rows are batch times sequence length",
                       ctp::ShapeError);
}

TEST_CASE("rows: normalised rows and row lengths differentiate") {
  const auto unit =
      check_gradient<B>(theta, [](const Pass<B>& pass) { return weighted_sum(pass, normalize(pass, pass[slot])); });
  CHECK_MESSAGE(unit.ok, unit.log);
  const auto lengths =
      check_gradient<B>(theta, [](const Pass<B>& pass) { return weighted_sum(pass, row_lengths(pass, pass[slot])); });
  CHECK_MESSAGE(lengths.ok, lengths.log);
}

TEST_CASE("rows: products of rows differentiate, also of rows with themselves") {
  const ctp::Parameter<2> left{0, {4, 5}}, right{20, {4, 5}};
  const auto both = check_gradient<B>(
      theta, [&](const Pass<B>& pass) { return weighted_sum(pass, row_products(pass, pass[left], pass[right])); });
  CHECK_MESSAGE(both.ok, both.log);
  const auto itself = check_gradient<B>(
      theta, [&](const Pass<B>& pass) { return weighted_sum(pass, row_products(pass, pass[left], pass[left])); });
  CHECK_MESSAGE(itself.ok, itself.log);
  ctp::Tape<B> tape;
  const Pass<B> pass{theta.data(), &tape, nullptr, {}};
  double third = 0;
  for (std::size_t j = 0; j < 5; ++j) third += theta[10 + j] * theta[30 + j];
  CHECK(row_products(pass, pass[left], pass[right]).value.data[2] == doctest::Approx(third).epsilon(1e-14));
  CHECK_THROWS_AS((void)row_products(pass, pass[left], pass[slot]), ctp::ShapeError);
}

TEST_CASE("rows: each matrix of a batch is transposed, and so is its gradient") {
  const auto report = check_gradient<B>(
      theta, [](const Pass<B>& pass) { return weighted_sum(pass, transpose_each(pass, pass[slot], 2)); });
  CHECK_MESSAGE(report.ok, report.log);
  ctp::Tape<B> tape;
  const Pass<B> pass{theta.data(), &tape, nullptr, {}};
  const auto transposed = transpose_each(pass, pass[slot], 2);  // two of 3 by 7
  CHECK(transposed.value.shape == Shape<2>{14, 3});
  for (std::size_t b = 0; b < 2; ++b)
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t j = 0; j < 7; ++j)
        CHECK(transposed.value.data[(b * 7 + j) * 3 + i] == theta[3 + (b * 3 + i) * 7 + j]);
  CHECK_THROWS_AS((void)transpose_each(pass, pass[slot], 4), ctp::ShapeError);
}

TEST_CASE("rows: a row of zeros has length zero, stays zero, and its gradient is finite") {
  reference::Values zero = theta;
  for (std::size_t j = 0; j < 7; ++j) zero[3 + j] = 0;
  ctp::Tape<B> tape;
  std::vector<double> gradient(zero.size());
  const Pass<B> pass{zero.data(), &tape, gradient.data(), {}};
  const auto unit = normalize(pass, pass[slot]);
  const auto lengths = row_lengths(pass, pass[slot]);
  CHECK(unit.value.data[0] == 0);
  CHECK(lengths.value.data[0] == 0);
  const auto y = weighted_sum(pass, lengths);
  *y.grad.data = 1;
  tape.backward();
  for (std::size_t j = 0; j < 7; ++j) CHECK(gradient[3 + j] == 0);
  CHECK(gradient[3 + 7] != 0);
}
