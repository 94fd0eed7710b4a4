#include <ctp/backend/generic/parameters.hpp>

#include <limits>

#include <doctest/doctest.h>

#include <support/reference.hpp>

using ctp::Index;
using reference::at;
using reference::off;
using reference::put;
using reference::random;
using reference::rounding;
using reference::Values;

namespace {
constexpr Index n = 131'101;  // three blocks, the last one odd
}

TEST_CASE_TEMPLATE("parameters: AdamW decays, steps, keeps its moments and leaves the gradient zero", B,
                   CTP_TEST_BACKENDS) {
  Values theta = random(n, 1), first(at(n)), second(at(n));
  auto btheta = put<B>(theta), bfirst = put<B>(first), bsecond = put<B>(second);
  constexpr double rate = 1e-2, decay = 0.05, b1 = 0.9, b2 = 0.999, epsilon = 1e-8;
  for (int t = 1; t <= 3; ++t) {
    const Values g = random(n, static_cast<std::uint32_t>(10 + t));
    auto bg = put<B>(g);
    B::adamw(n, {rate, decay, b1, b2, epsilon, 1 - std::pow(b1, t), 1 - std::pow(b2, t)}, btheta.data(), bg.data(),
             bfirst.data(), bsecond.data());
    CHECK(off<B>(bg, Values(at(n), 0)) == 0);
    for (std::size_t i = 0; i < theta.size(); ++i) {
      first[i] = b1 * first[i] + (1 - b1) * g[i];
      second[i] = b2 * second[i] + (1 - b2) * g[i] * g[i];
      const double m = first[i] / (1 - std::pow(b1, t)), v = second[i] / (1 - std::pow(b2, t));
      theta[i] = theta[i] - rate * decay * theta[i] - rate * m / (std::sqrt(v) + epsilon);
    }
  }
  CHECK(off<B>(btheta, theta) < rounding<B>);
  CHECK(off<B>(bfirst, first) < rounding<B>);
  CHECK(off<B>(bsecond, second) < rounding<B>);
}

TEST_CASE_TEMPLATE("parameters: a slow copy moves towards one vector or the mean of two", B, CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  const Values theta = random(n, 1), other = random(n, 2), slow = random(n, 3);
  auto btheta = put<B>(theta), bother = put<B>(other), bslow = put<B>(slow);
  Values one, two;
  for (std::size_t i = 0; i < slow.size(); ++i) {
    one.push_back(0.75 * slow[i] + 0.25 * theta[i]);
    two.push_back(0.75 * slow[i] + 0.125 * theta[i] + 0.125 * other[i]);
  }
  B::average(n, Real(0.75), btheta.data(), bslow.data());
  CHECK(off<B>(bslow, one) < rounding<B>);
  bslow.assign(slow);
  B::average_of_two(n, Real(0.75), btheta.data(), bother.data(), bslow.data());
  CHECK(off<B>(bslow, two) < rounding<B>);
}

TEST_CASE_TEMPLATE("parameters: importances gather squares and magnitudes", B, CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  const Values g = random(n, 1), before = random(n, 2);
  Values squares = before, magnitudes = before;
  for (std::size_t i = 0; i < g.size(); ++i) {
    squares[i] += 0.5 * g[i] * g[i];
    magnitudes[i] += 0.5 * std::abs(g[i]);
  }
  auto bg = put<B>(g), importance = put<B>(before);
  B::add_squares(n, Real(0.5), bg.data(), importance.data());
  CHECK(off<B>(importance, squares) < rounding<B>);
  importance.assign(before);
  B::add_magnitudes(n, Real(0.5), bg.data(), importance.data());
  CHECK(off<B>(importance, magnitudes) < rounding<B>);
}

TEST_CASE_TEMPLATE("parameters: the weighted distance is summed in double, whatever the number of threads", B,
                   CTP_TEST_BACKENDS) {
  const Values theta = random(n, 1), anchor = random(n, 2), importance = random(n, 3);
  double expected = 0;
  for (std::size_t i = 0; i < theta.size(); ++i)
    expected += importance[i] * (theta[i] - anchor[i]) * (theta[i] - anchor[i]);
  auto a = put<B>(theta), b = put<B>(anchor), c = put<B>(importance);
  CHECK(std::abs(B::weighted_distance(n, a.data(), b.data(), c.data()) - expected) < 1e-8);
  CHECK(reference::same_bits_for_any_thread_count(
      [&] { return Values{B::weighted_distance(n, a.data(), b.data(), c.data())}; }));
}

TEST_CASE_TEMPLATE("parameters: one number that is not finite is found wherever it is; large ones are finite", B,
                   CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  using Limits = std::numeric_limits<Real>;
  std::vector<Real> x(at(n), Limits::max());
  x[7] = Limits::lowest();
  x[8] = Limits::denorm_min();
  auto bx = reference::put_as_is<B>(x);
  CHECK(B::all_finite(n, bx.data()));
  for (const Index where : {Index{0}, Index{65'535}, Index{65'536}, n - 1})
    for (const Real bad : {Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN()}) {
      auto y = x;
      y[at(where)] = bad;
      bx.assign(y);
      CHECK_FALSE(B::all_finite(n, bx.data()));
      CHECK(B::all_finite(where, bx.data()));
    }
}
