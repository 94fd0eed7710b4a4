#include <ctp/penalty/importance.hpp>

#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <support/made_step.hpp>

TEST_CASE("mas: mean lengths of the three raw outputs, added up") {
  const made::Answers answers{.image = {{3, 4}, {5, 12}}, .text = {{8, 15}}, .masked_scores = {{0, 2}, {1, 0}}};
  made::Step step(answers);
  CHECK(*ctp::penalty::mas_objective(step.online).value.data == doctest::Approx(9 + 17 + 1.5).epsilon(1e-14));
}

TEST_CASE("importance: the mean over tasks, each weighing the same") {
  std::vector<double> over{9, 9};  // what the first task finds is all there is, whatever was there
  const std::vector<std::vector<double>> found{{1, 2}, {3, 2}, {8, 5}};
  for (std::uint32_t t = 0; t < 3; ++t) ctp::penalty::blend<made::B>(2, t, found[t].data(), over.data());
  CHECK(over[0] == doctest::Approx(4).epsilon(1e-15));
  CHECK(over[1] == doctest::Approx(3).epsilon(1e-15));
}
