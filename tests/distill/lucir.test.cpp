#include <ctp/distill/lucir.hpp>

#include <cmath>

#include <doctest/doctest.h>

#include <support/fake_step.hpp>

using doctest::Approx;

namespace {
/// Two pairs of one image token each, and of two text tokens, the last of which is padding.
const fake::Answers then{.image_tokens = {{2, 0}, {0, 5}}, .text_tokens = {{1, 0}, {0, 1}, {3, 4}, {1, 1}}};
const fake::Answers now{.image_tokens = {{3, 4}, {0, 1}}, .text_tokens = {{0, 2}, {0, 7}, {3, 4}, {-9, 0}}};
}  // namespace

TEST_CASE("lucir: one minus the mean cosine of the tokens without padding, mean over both modalities, by hand") {
  fake::Step step(now);
  step.set_previous(then);
  step.labels.pairs = 2;
  step.labels.token_weight = {1.0 / 3, 1.0 / 3, 1.0 / 3, 0};
  const double image = 1 - (0.6 + 1) / 2, text = 1 - (0.0 + 1 + 1) / 3;
  CHECK(*ctp::distill::Lucir{}.loss(step).value.data == Approx((image + text) / 2).epsilon(1e-14));
}

TEST_CASE("lucir: as released, the cosine of each feature along the tokens of a pair, padding included") {
  fake::Step step(now);
  step.set_previous(then);
  step.labels.pairs = 2;
  // Unit tokens of the first text: then (1,0), (0,1), now (0,1), (0,1): features 1: (1,0) and (0,0), 2: (0,1) and
  // (1,1). Of the second: then (.6,.8), (r,r), now (.6,.8), (-1,0).
  const double r = std::sqrt(0.5);
  const double first = 0 + 1 / std::sqrt(2.0);
  const double second =
      (0.36 - r) / (std::sqrt(0.36 + 0.5) * std::sqrt(0.36 + 1)) + 0.64 / (std::sqrt(0.64 + 0.5) * 0.8);
  const double text = 1 - (first + second) / 4;
  // One image token for each pair: features 0.6 and 0.8 against 1 and 0, then 0 and 1 against 0 and 1.
  const double image = 1 - (1 + 0 + 0 + 1) / 4.0;
  CHECK(*ctp::distill::Lucir{.published = true}.loss(step).value.data == Approx((image + text) / 2).epsilon(1e-13));
}
