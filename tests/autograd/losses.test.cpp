#include <ctp/autograd/losses.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/testing/gradient.hpp>
#include <support/reference.hpp>

using B = ctp::BasicCpu<double>;
using ctp::Entropy;
using ctp::Pass;
using ctp::testing::check_gradient;

namespace {
const ctp::Parameter<2> slot{0, {5, 7}};
const reference::Values theta = reference::random(35, 1), teacher_scores = reference::random(35, 2);
const std::vector<std::int32_t> classes = {6, 0, 3, 3, 1};
const std::vector<double> row_weights = {0.5, -1, 0, 2, 0.25};
const ctp::Tensor<const std::int32_t, 1, B> target{classes.data(), {5}};
const ctp::Tensor<const double, 1, B> weight{row_weights.data(), {5}};
const ctp::Tensor<const double, 2, B> teacher{teacher_scores.data(), {5, 7}};
}  // namespace

TEST_CASE("losses: cross entropy has the value of its definition and differentiates, with rows of weight zero") {
  const auto report =
      check_gradient<B>(theta, [](const Pass<B>& pass) { return cross_entropy(pass, pass[slot], target, weight); });
  CHECK_MESSAGE(report.ok, report.log);
  double expected = 0;
  for (ctp::Index i = 0; i < 5; ++i)
    expected -= row_weights[reference::at(i)] *
                std::log(reference::softmax(reference::row(theta, i, 7))[reference::at(classes[reference::at(i)])]);
  ctp::Tape<B> tape;
  const Pass<B> pass{theta.data(), &tape, nullptr, {}};
  CHECK(*cross_entropy(pass, pass[slot], target, weight).value.data == doctest::Approx(expected).epsilon(1e-12));
}

TEST_CASE("losses: cross entropy against a teacher differentiates at any temperature, in both forms") {
  for (const Entropy entropy : {Entropy::Kept, Entropy::Subtracted})
    for (const double temperature : {1.0, 0.5, 2.0}) {
      const auto report = check_gradient<B>(theta, [&](const Pass<B>& pass) {
        return soft_cross_entropy(pass, pass[slot], teacher, weight, temperature, entropy);
      });
      CHECK_MESSAGE(report.ok, report.log);
    }
}

TEST_CASE("losses: the two forms differ by the teacher's entropy, and only the divergence from itself is zero") {
  ctp::Tape<B> tape;
  const Pass<B> pass{theta.data(), &tape, nullptr, {}};
  const auto value = [&](ctp::Tensor<const double, 2, B> t, Entropy entropy) {
    return *soft_cross_entropy(pass, pass[slot], t, weight, 2, entropy).value.data;
  };
  const ctp::Tensor<const double, 2, B> itself{theta.data(), {5, 7}};
  double teacher_entropy = 0;
  for (ctp::Index i = 0; i < 5; ++i)
    for (const double q : reference::softmax(reference::row(teacher_scores, i, 7), 0.5))
      teacher_entropy -= row_weights[reference::at(i)] * q * std::log(q);
  CHECK(value(teacher, Entropy::Kept) - value(teacher, Entropy::Subtracted) ==
        doctest::Approx(teacher_entropy).epsilon(1e-12));
  CHECK(value(itself, Entropy::Subtracted) == 0);
  CHECK(value(itself, Entropy::Kept) > 1);
}

TEST_CASE("losses: sizes that do not agree are refused by name") {
  ctp::Tape<B> tape;
  const Pass<B> pass{theta.data(), &tape, nullptr, {}};
  const ctp::Tensor<const std::int32_t, 1, B> four{classes.data(), {4}};
  const ctp::Tensor<const double, 1, B> four_weights{row_weights.data(), {4}};
  const ctp::Tensor<const double, 2, B> narrow{teacher_scores.data(), {5, 6}};
  CHECK_THROWS_WITH_AS((void)cross_entropy(pass, pass[slot], four, weight),
                       "cross_entropy: x is [5,7] but target, weight is [4,5]; each row has one target and one weight",
                       ctp::ShapeError);
  CHECK_THROWS_WITH_AS((void)soft_cross_entropy(pass, pass[slot], narrow, weight, 1, Entropy::Kept),
                       "soft_cross_entropy: x is [5,7] but teacher is [5,6]; each score has one of the teacher",
                       ctp::ShapeError);
  CHECK_THROWS_WITH_AS((void)soft_cross_entropy(pass, pass[slot], teacher, four_weights, 1, Entropy::Kept),
                       "soft_cross_entropy: x is [5,7] but weight is [4]; each row has one weight", ctp::ShapeError);
}

TEST_CASE("losses: mean weights are 1/n") {
  ctp::Tape<B> tape;
  const Pass<B> pass{theta.data(), &tape, nullptr, {}};
  const auto w = mean_weights(pass, 5);
  CHECK(w.shape == ctp::Shape<1>{5});
  for (int i = 0; i < 5; ++i) CHECK(w.data[i] == 0.2);
}
