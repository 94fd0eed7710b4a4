#include <ctp/distill/lwf.hpp>

#include <cmath>

#include <doctest/doctest.h>

#include <support/fake_step.hpp>

using doctest::Approx;
using fake::two_way;

TEST_CASE("lwf: KL over the features of the raw projections, mean over rows and over both modalities, by hand") {
  const fake::Answers then{.image = {{0, 0}, {5, 5}}, .text = {{1, 1}, {2, 2}}};           // even
  const fake::Answers now{.image = {{1, 0.4}, {7, 7}}, .text = {{0.5, 0.5}, {0.3, 0.1}}};  // not of unit length
  fake::Step step(now);
  step.set_previous(then);
  step.sizes().temperature = 0.5;
  const auto from_even = [](double d) { return (two_way(d, 0) + two_way(0, d)) / 2 - std::log(2.0); };
  const double image = from_even(1.2) / 2, text = from_even(0.4) / 2;
  CHECK(*ctp::distill::Lwf{}.loss(step).value.data == Approx((image + text) / 2).epsilon(1e-13));
}

TEST_CASE("lwf: the loss is 0 if the projections stay") {
  const fake::Answers same{.image = {{1, -2, 3}}, .text = {{0.1, 0.2, 9}}};
  fake::Step step(same);
  step.set_previous(same);
  CHECK(*ctp::distill::Lwf{}.loss(step).value.data == Approx(0).epsilon(1e-12));
}
