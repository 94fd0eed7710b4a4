#include <ctp/penalty/terms.hpp>

#include <vector>

#include <doctest/doctest.h>

#include <support/fake_step.hpp>

using ctp::penalty::Quadratic;
using ctp::penalty::SumOfTerms;
using ctp::penalty::WithPathIntegral;

namespace {
const std::vector<double> theta{1, 2, 5}, anchor{0, 4, 5}, importance{3, 0.5, 9};
const Quadratic<double> spring{0.5, anchor.data(), importance.data()};
}  // namespace

TEST_CASE("penalty: a quadratic spring on each parameter") {
  CHECK(fake::B::sum_terms(3, theta.data(), spring) == 2.5);  // (3 * 1 + 0.5 * 4) / 2
  CHECK(spring.gradient(0, theta[0]) == 3);
  CHECK(spring.gradient(1, theta[1]) == -1);
  CHECK(spring.gradient(2, theta[2]) == 0);
}

TEST_CASE("penalty: two springs add up") {
  const std::vector<double> other{2, 2, 2}, ones{1, 1, 1};
  const SumOfTerms<Quadratic<double>, Quadratic<double>> both{spring, {1, other.data(), ones.data()}};
  CHECK(fake::B::sum_terms(3, theta.data(), both) == 2.5 + 1 + 0 + 9);
  CHECK(both.gradient(0, theta[0]) == 3 - 2);
}

TEST_CASE("penalty: the path integral adds minus the raw gradient times the step") {
  std::vector<double> path{1, 0, 0};
  const WithPathIntegral<Quadratic<double>, double> along{spring, path.data()};
  along.moved(0, 2, 1, 0.5);   // downhill by 1
  along.moved(1, 2, 1, 1.25);  // uphill by 0.5
  CHECK(path == std::vector<double>{2, -0.5, 0});
  CHECK(along.gradient(0, theta[0]) == spring.gradient(0, theta[0]));
  CHECK(along.value(1, theta[1]) == spring.value(1, theta[1]));
}
