#include <ctp/core/functional.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <doctest/doctest.h>

namespace fn = ctp::fn;

namespace {
/// The largest error(x) over evenly spaced floats.
template <class Error>
double worst(double low, double high, const Error& error) {
  double largest = 0;
  constexpr int steps = 200'000;
  for (int i = 0; i <= steps; ++i) {
    const double e = error(static_cast<float>(low + (high - low) * i / steps));
    if (!(e <= largest)) largest = e;
    if (std::isnan(e)) return e;
  }
  return largest;
}
constexpr double infinity = std::numeric_limits<double>::infinity();

double exact_gelu(double x) { return 0.5 * x * std::erfc(-x / std::sqrt(2.0)); }
double exact_slope(double x) {
  return 0.5 * std::erfc(-x / std::sqrt(2.0)) + x * std::exp(-0.5 * x * x) / std::sqrt(2 * std::acos(-1.0));
}
}  // namespace

TEST_CASE("functional: exp is within 2e-7 of e^x where e^x is a normal float") {
  const auto relative = [](float x) {
    const double e = std::exp(static_cast<double>(x));
    return std::abs(static_cast<double>(fn::exp(x)) - e) / e;
  };
  CHECK(worst(-87.3, 88.7, relative) < 2e-7);
  CHECK(worst(-1, 1, relative) < 2e-7);
  CHECK(fn::exp(0.F) == 1.F);
}

TEST_CASE("functional: exp is exactly 0 far below zero, large far above, and keeps NaN") {
  CHECK(fn::exp(-100.F) == 0.F);
  CHECK(fn::exp(-87.4F) == 0.F);
  CHECK(fn::exp(static_cast<float>(-infinity)) == 0.F);
  CHECK(fn::exp(-1e30F) == 0.F);
  CHECK(fn::exp(1000.F) > 3e38F);
  CHECK(std::isfinite(fn::exp(static_cast<float>(infinity))));
  CHECK(std::isnan(fn::exp(std::numeric_limits<float>::quiet_NaN())));
}

TEST_CASE("functional: erf is within 5e-7 everywhere, odd, and keeps NaN") {
  CHECK(worst(-6, 6, [](float x) {
          return std::abs(static_cast<double>(fn::erf(x)) - std::erf(static_cast<double>(x)));
        }) < 5e-7);
  for (const float x : {0.F, 0.25F, 1.F, 3.F, 100.F}) CHECK(fn::erf(-x) == -fn::erf(x));
  CHECK(std::abs(static_cast<double>(fn::erf(static_cast<float>(infinity))) - 1) < 5e-7);
  CHECK(std::isnan(fn::erf(std::numeric_limits<float>::quiet_NaN())));
}

TEST_CASE("functional: gelu and its slope in single precision follow the exact ones") {
  CHECK(worst(-10, 10, [](float x) {
          return std::abs(static_cast<double>(fn::gelu(x)) - exact_gelu(x)) / std::max(1.0, std::abs(double{x}));
        }) < 5e-7);
  CHECK(worst(-10, 10, [](float x) { return std::abs(static_cast<double>(fn::gelu_slope(x)) - exact_slope(x)); }) <
        1e-6);
}

TEST_CASE("functional: sigmoid, its slope and softplus in single precision follow the exact ones, without overflow") {
  const auto exact = [](double x) { return 1 / (1 + std::exp(-x)); };
  CHECK(worst(-30, 30, [&](float x) {
          const double e = exact(static_cast<double>(x));
          return std::abs(static_cast<double>(fn::sigmoid(x)) - e) / e;
        }) < 5e-7);
  CHECK(worst(-30, 30, [&](float x) {
          const double e = exact(static_cast<double>(x)) * exact(-static_cast<double>(x));
          return std::abs(static_cast<double>(fn::sigmoid_slope(x)) - e) / e;
        }) < 1e-6);
  CHECK(worst(-30, 30, [&](float x) {
          const double e = std::log1p(std::exp(static_cast<double>(x)));
          return std::abs(static_cast<double>(fn::softplus(x)) - e) / e;
        }) < 5e-7);
  CHECK(fn::softplus(100.F) == 100.F);
  CHECK(fn::softplus(1e30F) == 1e30F);
  CHECK(fn::softplus(-1000.F) == 0.F);
  CHECK(fn::sigmoid(1000.F) == 1.F);
  CHECK(fn::sigmoid(-1000.F) < 1e-38F);
  CHECK(fn::sigmoid_slope(1000.F) == 0.F);
  CHECK(fn::softplus(800.0) == 800);
  CHECK(std::isnan(fn::softplus(std::numeric_limits<float>::quiet_NaN())));
  CHECK(std::isnan(fn::sigmoid(std::numeric_limits<float>::quiet_NaN())));
}

TEST_CASE("functional: in double precision all functions are as exact as the standard library") {
  for (double x = -8; x <= 8; x += 0.37) {
    CHECK(fn::exp(x) == std::exp(x));
    CHECK(fn::erf(x) == std::erf(x));
    CHECK(std::abs(fn::gelu(x) - exact_gelu(x)) < 1e-14);
    CHECK(std::abs(fn::gelu_slope(x) - exact_slope(x)) < 1e-14);
  }
}

TEST_CASE("functional: the slope of gelu is its derivative") {
  for (double x = -4; x <= 4; x += 0.31) {
    const double h = 1e-5, slope = (fn::gelu(x + h) - fn::gelu(x - h)) / (2 * h);
    CHECK(std::abs(fn::gelu_slope(x) - slope) < 1e-9);
  }
}
