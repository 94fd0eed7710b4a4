#include <ctp/penalty/importance.hpp>

#include <vector>

#include <doctest/doctest.h>

#include <support/made_step.hpp>

TEST_CASE("penalty: a quadratic spring on each parameter") {
  const std::vector<double> theta{1, 2, 5}, anchor{0, 4, 5}, importance{3, 0.5, 9};
  CHECK(ctp::penalty::quadratic_penalty<made::B>(3, theta.data(), anchor.data(), importance.data(), 0.5) == 2.5);
}

TEST_CASE("mas: mean lengths of the three raw outputs, added up") {
  const made::Answers answers{.image = {{3, 4}, {5, 12}}, .text = {{8, 15}}, .labelled_scores = {{0, 2}, {1, 0}}};
  made::Step step(answers);
  CHECK(*ctp::penalty::mas_objective(step.online).value.data == doctest::Approx(9 + 17 + 1.5).epsilon(1e-14));
}
