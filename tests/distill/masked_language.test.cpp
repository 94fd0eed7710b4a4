#include <ctp/distill/masked_language.hpp>

#include <cmath>

#include <doctest/doctest.h>

#include <support/made_step.hpp>

using ctp::distill::MaskedLanguage;
using ctp::distill::Teacher;
using doctest::Approx;
using made::two_way;

TEST_CASE("masked-language distillation: cross entropy with the teacher that was asked for") {
  const made::Answers online{.masked_scores = {{std::log(3.0), 0}}};
  const made::Answers even{.masked_scores = {{5, 5}}};
  const made::Answers sure{.masked_scores = {{0, 50}}};
  made::Step step(online);
  step.remember(even);
  step.follow(sure);
  step.labels = {{0}, {1}};
  const double previous = *MaskedLanguage<Teacher::Previous>{}.loss(step).value.data;
  const double momentum = *MaskedLanguage<Teacher::Momentum>{}.loss(step).value.data;
  CHECK(previous == Approx(-(std::log(0.75) + std::log(0.25)) / 2).epsilon(1e-14));
  CHECK(momentum == Approx(-std::log(0.25)).epsilon(1e-14));

  step.sizes.sizes.distill_temperature = 2;  // both distributions are softened
  const double x = std::log(3.0) / 2;
  CHECK(*MaskedLanguage<Teacher::Previous>{}.loss(step).value.data ==
        Approx((two_way(x, 0) + two_way(0, x)) / 2).epsilon(1e-14));
}
