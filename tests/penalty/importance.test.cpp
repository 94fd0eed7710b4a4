#include <ctp/penalty/importance.hpp>

#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <support/fake_step.hpp>

TEST_CASE("mas: the objective is the sum of the mean lengths of the three raw outputs") {
  const fake::Answers answers{.image = {{3, 4}, {5, 12}}, .text = {{8, 15}}, .fused = {{0, 2}, {1, 0}}};
  fake::Step step(answers);
  CHECK(*ctp::penalty::mas_objective(step.online).value.data == doctest::Approx(9 + 17 + 1.5).epsilon(1e-14));
}

TEST_CASE("importance: the mean over tasks, with equal weights") {
  std::vector<double> mean{9, 9};  // the first task overwrites these
  const std::vector<std::vector<double>> importances{{1, 2}, {3, 2}, {8, 5}};
  for (std::uint32_t t = 0; t < 3; ++t) ctp::penalty::blend<fake::B>(2, t, importances[t].data(), mean.data());
  CHECK(mean[0] == doctest::Approx(4).epsilon(1e-15));
  CHECK(mean[1] == doctest::Approx(3).epsilon(1e-15));
}
