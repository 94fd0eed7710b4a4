#include <ctp/autograd/scores.hpp>

#include <doctest/doctest.h>

#include <ctp/testing/gradient.hpp>
#include <support/reference.hpp>

using B = ctp::BasicCpu<double>;
using ctp::Pass;
using ctp::testing::check_gradient;
using ctp::testing::weighted_sum;

namespace {
const ctp::Parameter<2> a{0, {5, 7}}, b{35, {3, 7}}, narrow{0, {5, 6}}, square{0, {5, 5}};
const reference::Values theta = reference::random(56, 1);
}  // namespace

TEST_CASE("scores: both sides differentiate, and one side against itself") {
  const auto both = check_gradient<B>(
      theta, [](const Pass<B>& pass) { return weighted_sum(pass, scores(pass, pass[a], pass[b], 1 / 0.07)); });
  CHECK_MESSAGE(both.ok, both.log);
  const auto itself = check_gradient<B>(
      theta, [](const Pass<B>& pass) { return weighted_sum(pass, scores(pass, pass[a], pass[a], -0.5)); });
  CHECK_MESSAGE(itself.ok, itself.log);
}

TEST_CASE("scores: a side without gradient, such as a queue, gets no gradient") {
  const auto report = check_gradient<B>(theta, [](const Pass<B>& pass) {
    auto queue = pass.make(ctp::Shape<2>{4, 7});
    B::fill(28, 0.25, queue.value.data);
    queue.grad = {};
    return weighted_sum(pass, scores(pass, pass[a], queue, 2));
  });
  CHECK_MESSAGE(report.ok, report.log);
}

TEST_CASE("scores: a replaced diagonal has the given value and no gradient") {
  const auto report = check_gradient<B>(
      theta, [](const Pass<B>& pass) { return weighted_sum(pass, with_diagonal(pass, pass[square], -7)); });
  CHECK_MESSAGE(report.ok, report.log);
  ctp::Tape<B> tape;
  const Pass<B> pass{theta.data(), &tape, nullptr, {}};
  const auto y = with_diagonal(pass, pass[square], -7);
  for (std::size_t i = 0; i < 25; ++i) CHECK(y.value.data[i] == (i % 6 == 0 ? -7 : theta[i]));
}

TEST_CASE("scores: sizes that do not agree are refused by name") {
  ctp::Tape<B> tape;
  const Pass<B> pass{theta.data(), &tape, nullptr, {}};
  CHECK_THROWS_WITH_AS((void)scores(pass, pass[narrow], pass[b], 1),
                       "scores: a is [5,6] but b is [3,7]; rows must be equally wide", ctp::ShapeError);
  CHECK_THROWS_WITH_AS((void)with_diagonal(pass, pass[a], 0),
                       "with_diagonal: scores is [5,7] but square is [5,5]; only square scores have a diagonal",
                       ctp::ShapeError);
}
