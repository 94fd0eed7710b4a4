#include <ctp/autograd/arithmetic.hpp>

#include <numeric>

#include <doctest/doctest.h>

#include <ctp/testing/gradient.hpp>
#include <support/reference.hpp>

using B = ctp::BasicCpu<double>;
using ctp::Pass;
using ctp::testing::check_gradient;
using ctp::testing::weighted_sum;

namespace {
const ctp::Parameter<2> a{0, {5, 7}}, b{35, {5, 7}}, narrow{0, {5, 6}};
const ctp::Parameter<1> line{3, {37}}, factor{60, {1}};
const reference::Values weights = reference::random(37, 2);
const reference::Values theta = reference::random(70, 1);

template <class Loss>
void check(const Loss& loss) {
  const auto report = check_gradient<B>(theta, loss);
  CHECK_MESSAGE(report.ok, report.log);
}
}  // namespace

TEST_CASE("arithmetic: sums, multiples, products and means differentiate") {
  check([](const Pass<B>& pass) { return weighted_sum(pass, add(pass, pass[a], pass[b], -0.25)); });
  check([](const Pass<B>& pass) { return weighted_sum(pass, scale(pass, pass[a], 3)); });
  check([](const Pass<B>& pass) { return weighted_sum(pass, multiply(pass, pass[a], pass[b])); });
  check([](const Pass<B>& pass) { return mean(pass, pass[line]); });
  check([](const Pass<B>& pass) { return weighted_sum(pass, scale_by(pass, pass[a], pass[factor])); });
  check([](const Pass<B>& pass) { return weighted_sum(pass, pass[line], {weights.data(), {37}}); });
}

TEST_CASE("arithmetic: a learned factor must be a single number, and every element needs a weight") {
  ctp::Tape<B> tape;
  const Pass<B> pass{theta.data(), &tape, nullptr, {}};
  CHECK(scale_by(pass, pass[a], pass[factor]).value.data[4] == theta[4] * theta[60]);
  CHECK(weighted_sum(pass, pass[line], {weights.data(), {37}}).value.data[0] ==
        doctest::Approx(std::inner_product(weights.begin(), weights.end(), theta.begin() + 3, 0.0)).epsilon(1e-13));
  CHECK_THROWS_AS((void)scale_by(pass, pass[a], pass[line]), ctp::ShapeError);
  CHECK_THROWS_AS((void)weighted_sum(pass, pass[line], {weights.data(), {36}}), ctp::ShapeError);
}

TEST_CASE("arithmetic: a value used twice gets the sum of both gradients") {
  check([](const Pass<B>& pass) { return weighted_sum(pass, multiply(pass, pass[a], pass[a])); });
  check([](const Pass<B>& pass) { return weighted_sum(pass, add(pass, pass[a], pass[a])); });
  check([](const Pass<B>& pass) {
    const auto twice = scale(pass, pass[a], 2);
    return weighted_sum(pass, add(pass, twice, multiply(pass, twice, pass[b])));
  });
}

TEST_CASE("arithmetic: values are sums, multiples, products and means") {
  ctp::Tape<B> tape;
  const Pass<B> pass{theta.data(), &tape, nullptr, {}};
  double sum = 0;
  for (std::size_t i = 0; i < 35; ++i) {
    CHECK(add(pass, pass[a], pass[b], 2).value.data[i] == doctest::Approx(theta[i] + 2 * theta[35 + i]));
    CHECK(scale(pass, pass[a], -3).value.data[i] == -3 * theta[i]);
    CHECK(multiply(pass, pass[a], pass[b]).value.data[i] == theta[i] * theta[35 + i]);
  }
  for (std::size_t i = 3; i < 40; ++i) sum += theta[i];
  CHECK(*mean(pass, pass[line]).value.data == doctest::Approx(sum / 37));
}

TEST_CASE("arithmetic: shapes that do not agree are refused by name") {
  ctp::Tape<B> tape;
  const Pass<B> pass{theta.data(), &tape, nullptr, {}};
  CHECK_THROWS_WITH_AS((void)add(pass, pass[a], pass[narrow]), "add: a is [5,7] but b is [5,6]; shapes must agree",
                       ctp::ShapeError);
  CHECK_THROWS_WITH_AS((void)multiply(pass, pass[a], pass[narrow]),
                       "multiply: a is [5,7] but b is [5,6]; shapes must agree", ctp::ShapeError);
}
