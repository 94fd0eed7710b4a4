#include <ctp/distill/topology.hpp>

#include <cmath>

#include <doctest/doctest.h>

#include <support/fake_step.hpp>

using doctest::Approx;
using fake::two_way;

namespace {
/// KL of an even distribution over two scores: -log 2 + the mean of both cross entropies.
double from_even(double difference) { return (two_way(difference, 0) + two_way(0, difference)) / 2 - std::log(2.0); }
}  // namespace

TEST_CASE("topology: the loss is 0 if the similarities stay, even if the features change") {
  const fake::Answers then{.image = {{1, 0}, {0, 1}, {0.6, 0.8}}, .text = {{0, 1}, {1, 0}, {0.8, 0.6}}};
  const fake::Answers now{.image = {{0, 1}, {-1, 0}, {-0.8, 0.6}}, .text = {{-1, 0}, {0, 1}, {-0.6, 0.8}}};  // rotated
  fake::Step step(now);
  step.set_previous(then);
  CHECK(*ctp::distill::CrossModalTopology{}.loss(step).value.data == Approx(0).epsilon(1e-12));
  CHECK(*ctp::distill::SameModalTopology{}.loss(step).value.data == Approx(0).epsilon(1e-12));
}

TEST_CASE("cross-modal topology: both directions, mean over rows, by hand") {
  const fake::Answers now{.image = {{1, 0}, {0, 1}}, .text = {{1, 0}, {0.6, 0.8}}};
  const fake::Answers then{.image = {{1, 0}, {1, 0}},
                           .text = {{1, 0}, {1, 0}}};  // equal features: an even distribution
  fake::Step step(now);
  step.set_previous(then);
  step.sizes().temperature = 0.5;
  // Scores, image by text: 2, 1.2 | 0, 1.6.
  const double to_text = (from_even(0.8) + from_even(1.6)) / 2, to_image = (from_even(2) + from_even(0.4)) / 2;
  CHECK(*ctp::distill::CrossModalTopology{}.loss(step).value.data == Approx((to_text + to_image) / 2).epsilon(1e-13));
}

TEST_CASE("same-modal topology: a row's similarity to itself is left out") {
  const fake::Answers now{.image = {{1, 0}, {0, 1}, {0.6, 0.8}}, .text = {{1, 0}, {1, 0}, {1, 0}}};
  const fake::Answers then{.image = {{1, 0}, {1, 0}, {1, 0}}, .text = {{0, 1}, {0, 1}, {0, 1}}};
  fake::Step step(now);
  step.set_previous(then);
  step.sizes().temperature = 0.5;
  // Among images: row 0 sees 0 and 1.2, row 1 sees 0 and 1.6, row 2 sees 1.2 and 1.6. Among texts nothing changed.
  const double images = (from_even(1.2) + from_even(1.6) + from_even(0.4)) / 3;
  CHECK(*ctp::distill::SameModalTopology{}.loss(step).value.data == Approx(images / 2).epsilon(1e-13));
}
