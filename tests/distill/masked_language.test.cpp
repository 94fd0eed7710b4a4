#include <ctp/distill/masked_language.hpp>

#include <cmath>

#include <doctest/doctest.h>

#include <support/fake_step.hpp>

using ctp::distill::MaskedLanguage;
using ctp::distill::Teacher;
using doctest::Approx;
using fake::two_way;

TEST_CASE("masked-language distillation: cross entropy with the chosen teacher") {
  const fake::Answers online{.masked_scores = {{std::log(3.0), 0}}};
  const fake::Answers even{.masked_scores = {{5, 5}}};
  const fake::Answers sure{.masked_scores = {{0, 50}}};
  fake::Step step(online);
  step.set_previous(even);
  step.set_momentum(sure);
  step.labels = {{0}, {1}};
  const double previous = *MaskedLanguage<Teacher::Previous>{}.loss(step).value.data;
  const double momentum = *MaskedLanguage<Teacher::Momentum>{}.loss(step).value.data;
  CHECK(previous == Approx(-(std::log(0.75) + std::log(0.25)) / 2).epsilon(1e-14));
  CHECK(momentum == Approx(-std::log(0.25)).epsilon(1e-14));

  step.sizes().distill_temperature = 2;  // softens both distributions
  const double x = std::log(3.0) / 2;
  CHECK(*MaskedLanguage<Teacher::Previous>{}.loss(step).value.data ==
        Approx((two_way(x, 0) + two_way(0, x)) / 2).epsilon(1e-14));
}
