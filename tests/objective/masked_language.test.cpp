#include <ctp/objective/masked_language.hpp>

#include <cmath>

#include <doctest/doctest.h>

#include <support/fake_step.hpp>

using doctest::Approx;
using fake::two_way;

TEST_CASE("masked language: mean over the masked positions; unused capacity counts nothing") {
  const fake::Answers answers{.masked_scores = {{2, 1}, {0, 3}, {7, 0}}};
  fake::Step step(answers);
  step.labels = {{0, 0, 0}, {0.5, 0.5, 0}};

  const double loss = *ctp::objective::MaskedLanguage{}.loss(step).value.data;

  CHECK(loss == Approx((two_way(2, 1) + two_way(0, 3)) / 2).epsilon(1e-14));
}
