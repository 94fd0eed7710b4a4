#include <ctp/nn/mean.hpp>

#include <vector>

#include <doctest/doctest.h>

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/nn/layout.hpp>
#include <ctp/testing/gradient.hpp>
#include <support/reference.hpp>

using B = ctp::BasicCpu<double>;
using ctp::Index;
using ctp::Pass;
using ctp::Shape;

namespace {
constexpr Index batch = 2, n = 3, d = 4;
struct Slots {
  ctp::Layout layout;
  ctp::Parameter<2> x = layout.add("x", Shape<2>{batch * n, d}, ctp::Start::Weight);
  reference::Values theta = reference::random(layout.size(), 1);
  [[nodiscard]] double at(Index b, Index row, Index column) const {
    return theta[static_cast<std::size_t>(x.offset + (b * n + row) * d + column)];
  }
};
/// The second text has two tokens.
const std::vector<double> padding = {0, 0, 0, 0, 0, -1e4};
const ctp::Tensor<const double, 2, B> key_bias{padding.data(), {batch, n}};
}  // namespace

TEST_CASE("mean: the mean of each sequence is prepended, the other rows are unchanged") {
  const Slots s;
  ctp::Tape<B> tape;
  const Pass<B> pass{s.theta.data(), &tape};
  const auto y = ctp::nn::mean_before(pass, pass[s.x], batch).value;
  REQUIRE(y.shape == Shape<2>{batch * (n + 1), d});
  for (Index b = 0; b < batch; ++b)
    for (Index j = 0; j < d; ++j) {
      const double* column = y.data + b * (n + 1) * d + j;
      CHECK(column[0] == doctest::Approx((s.at(b, 0, j) + s.at(b, 1, j) + s.at(b, 2, j)) / 3).epsilon(1e-12));
      for (Index row = 0; row < n; ++row) CHECK(column[(row + 1) * d] == s.at(b, row, j));
    }
  CHECK_THROWS_AS(ctp::nn::mean_before(pass, pass[s.x], 4), ctp::ShapeError);
}

TEST_CASE("mean: each token becomes the mean of its text without padding, in any number of heads") {
  const Slots s;
  ctp::Tape<B> tape;
  const Pass<B> pass{s.theta.data(), &tape};
  for (const Index heads : {1, 2}) {
    const auto y = ctp::nn::mean_of_each(pass, pass[s.x], key_bias, heads).value;
    REQUIRE(y.shape == Shape<2>{batch * n, d});
    for (Index row = 0; row < n; ++row)
      for (Index j = 0; j < d; ++j) {
        CHECK(y.data[row * d + j] ==
              doctest::Approx((s.at(0, 0, j) + s.at(0, 1, j) + s.at(0, 2, j)) / 3).epsilon(1e-12));
        CHECK(y.data[(n + row) * d + j] == doctest::Approx((s.at(1, 0, j) + s.at(1, 1, j)) / 2).epsilon(1e-12));
      }
  }
}

TEST_CASE("mean: the gradients equal central differences") {
  const reference::Threads single_thread(1);
  const Slots s;
  const auto report = ctp::testing::check_gradient<B>(s.theta, [&](const Pass<B>& pass) {
    using ctp::testing::weighted_sum;
    const auto before = weighted_sum(pass, ctp::nn::mean_before(pass, pass[s.x], batch));
    return add(pass, before, weighted_sum(pass, ctp::nn::mean_of_each(pass, pass[s.x], key_bias, 2)));
  });
  CHECK_MESSAGE(report.ok, report.log);
}
