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

/// 1.5 (theta - anchor)^2, and a path along raw gradients.
template <class Real>
struct Spring {
  const Real* anchor;
  Real* path;
  CTP_HD double value(Index i, Real theta) const {
    const double d = static_cast<double>(theta) - static_cast<double>(anchor[i]);
    return 1.5 * d * d;
  }
  CTP_HD Real gradient(Index i, Real theta) const { return Real(3) * (theta - anchor[i]); }
  CTP_HD void moved(Index i, Real raw, Real before, Real after) const { path[i] += raw * (after - before); }
};

template <class Real>
struct AddPlace {
  Real* x;
  CTP_HD void operator()(Index i) const { x[i] += static_cast<Real>(i); }
};
}  // namespace

TEST_CASE_TEMPLATE("parameters: AdamW decays, steps, updates its moments and zeroes the gradient", B,
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

TEST_CASE_TEMPLATE("parameters: averaging moves a copy towards one vector or the mean of two", B, CTP_TEST_BACKENDS) {
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

TEST_CASE_TEMPLATE("parameters: importances sum squares and magnitudes of gradients", B, CTP_TEST_BACKENDS) {
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

TEST_CASE_TEMPLATE("parameters: AdamW steps along gradient plus term, and reports each update to the term", B,
                   CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  const Values theta = random(n, 1), g = random(n, 2), anchor = random(n, 3);
  auto alone = put<B>(theta), with = put<B>(theta), bg = put<B>(g), banchor = put<B>(anchor), path = put<B>(g);
  auto first = reference::room<B>(n), second = reference::room<B>(n), first2 = reference::room<B>(n),
       second2 = reference::room<B>(n);
  Values sum = g, expected_path = g;
  for (std::size_t i = 0; i < g.size(); ++i) sum[i] += 3 * (theta[i] - anchor[i]);
  auto bsum = put<B>(sum);
  const ctp::backend::AdamWStep step{1e-2, 0.05, 0.9, 0.999, 1e-8, 0.1, 0.001};
  B::adamw(n, step, alone.data(), bsum.data(), first.data(), second.data());
  B::adamw(n, step, with.data(), bg.data(), first2.data(), second2.data(), Spring<Real>{banchor.data(), path.data()});
  const Values after = alone.template to_host<double>();
  CHECK(off<B>(with, after) < rounding<B>);
  CHECK(off<B>(first2, first.template to_host<double>()) < rounding<B>);
  CHECK(off<B>(second2, second.template to_host<double>()) < rounding<B>);
  for (std::size_t i = 0; i < g.size(); ++i) expected_path[i] += g[i] * (after[i] - theta[i]);  // g alone, not the sum
  CHECK(off<B>(path, expected_path) < rounding<B>);
}

TEST_CASE_TEMPLATE("parameters: terms are summed in double, with the same bits for any number of threads", B,
                   CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  const Values theta = random(n, 1), anchor = random(n, 2);
  double expected = 0;
  for (std::size_t i = 0; i < theta.size(); ++i) expected += 1.5 * (theta[i] - anchor[i]) * (theta[i] - anchor[i]);
  auto a = put<B>(theta), b = put<B>(anchor);
  const auto sum = [&] { return B::sum_terms(n, a.data(), Spring<Real>{b.data(), nullptr}); };
  CHECK(std::abs(sum() - expected) < 1e-8);
  CHECK(reference::same_bits_for_any_thread_count([&] { return Values{sum()}; }));
}

TEST_CASE_TEMPLATE("parameters: a term whose gradient overflows makes the sum NaN", B, CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  std::vector<Real> theta(at(n), Real(0));
  theta[at(n - 1)] = std::numeric_limits<Real>::max();
  auto a = reference::put_as_is<B>(theta);
  auto zero = reference::room<B>(n);
  CHECK(std::isnan(B::sum_terms(n, a.data(), Spring<Real>{zero.data(), nullptr})));
}

TEST_CASE_TEMPLATE("parameters: a body is called once for every index", B, CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  auto x = reference::room<B>(n);
  B::for_each(n, AddPlace<Real>{x.data()});
  Values expected(at(n));
  for (std::size_t i = 0; i < expected.size(); ++i) expected[i] = static_cast<double>(i);
  CHECK(off<B>(x, expected) == 0);
}

TEST_CASE_TEMPLATE("parameters: one number that is not finite is detected at any index; large numbers are finite", B,
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
