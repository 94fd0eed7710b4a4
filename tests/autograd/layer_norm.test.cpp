#include <ctp/autograd/layer_norm.hpp>

#include <vector>

#include <doctest/doctest.h>

#include <ctp/nn/layout.hpp>
#include <ctp/testing/gradient.hpp>
#include <support/reference.hpp>

using B = ctp::BasicCpu<double>;
using ctp::Pass;
using ctp::Shape;
using ctp::testing::check_gradient;
using ctp::testing::weighted_sum;

namespace {
struct Slots {
  ctp::Layout layout;
  ctp::Parameter<2> x = layout.add("x", Shape<2>{6, 7}, ctp::Start::Weight);
  ctp::Parameter<2> branch = layout.add("branch", Shape<2>{6, 7}, ctp::Start::Weight);
  ctp::Parameter<1> gain = layout.add("gain", Shape<1>{7}, ctp::Start::Weight);
  ctp::Parameter<1> bias = layout.add("bias", Shape<1>{7}, ctp::Start::Weight);
  reference::Values theta = reference::random(layout.size(), 1);
};
const std::vector<std::uint32_t> samples = {3, 8};
const ctp::backend::Dropout active{0.4F, {1, 2}, 3, 4, samples.data(), 5};
}  // namespace

TEST_CASE("layer norm: the gradients equal central differences, with and without branch and dropout") {
  const Slots s;
  const auto alone = check_gradient<B>(s.theta, [&](const Pass<B>& pass) {
    return weighted_sum(pass, layer_norm(pass, pass[s.x], pass[s.gain], pass[s.bias], 1e-6));
  });
  CHECK_MESSAGE(alone.ok, alone.log);
  for (const auto& dropout : {ctp::backend::Dropout{}, active}) {
    const auto branched = check_gradient<B>(s.theta, [&](const Pass<B>& pass) {
      return weighted_sum(
          pass, residual_layer_norm(pass, pass[s.x], pass[s.branch], dropout, 3, pass[s.gain], pass[s.bias], 1e-12));
    });
    CHECK_MESSAGE(branched.ok, branched.log);
  }
}

TEST_CASE("layer norm: a branch without dropout is an addition before the norm") {
  const Slots s;
  ctp::Tape<B> tape;
  const Pass<B> pass{s.theta.data(), &tape, nullptr, {}};
  const auto y = residual_layer_norm(pass, pass[s.x], pass[s.branch], {}, 3, pass[s.gain], pass[s.bias], 1e-6);
  auto sum = pass.make(Shape<2>{6, 7});
  for (int i = 0; i < 42; ++i) sum.value.data[i] = pass[s.x].value.data[i] + pass[s.branch].value.data[i];
  const auto z = layer_norm(pass, sum, pass[s.gain], pass[s.bias], 1e-6);
  for (int i = 0; i < 42; ++i) CHECK(y.value.data[i] == z.value.data[i]);
}

TEST_CASE("layer norm: dropout differentiates, and without probability returns its input itself") {
  const Slots s;
  const auto report = check_gradient<B>(
      s.theta, [&](const Pass<B>& pass) { return weighted_sum(pass, dropout(pass, pass[s.x], active, 3)); });
  CHECK_MESSAGE(report.ok, report.log);
  ctp::Tape<B> tape;
  const Pass<B> pass{s.theta.data(), &tape, nullptr, {}};
  CHECK(dropout(pass, pass[s.x], ctp::backend::Dropout{}, 3).value.data == pass[s.x].value.data);
  CHECK(dropout(pass, pass[s.x], active, 3).value.data != pass[s.x].value.data);
}

TEST_CASE("layer norm: sizes that do not agree are refused by name") {
  const Slots s;
  ctp::Tape<B> tape;
  const Pass<B> pass{s.theta.data(), &tape, nullptr, {}};
  const ctp::Parameter<1> few{0, {6}};
  const ctp::Parameter<2> narrow{0, {6, 6}};
  CHECK_THROWS_WITH_AS((void)layer_norm(pass, pass[s.x], pass[few], pass[s.bias], 1e-6),
                       "layer_norm: x is [6,7] but gain is [6]; each column has one gain and one bias",
                       ctp::ShapeError);
  CHECK_THROWS_AS((void)layer_norm(pass, pass[s.x], pass[s.gain], pass[few], 1e-6), ctp::ShapeError);
  CHECK_THROWS_WITH_AS(
      (void)residual_layer_norm(pass, pass[s.x], pass[narrow], {}, 3, pass[s.gain], pass[s.bias], 1e-6),
      "residual_layer_norm: x is [6,7] but branch is [6,6]; both are added", ctp::ShapeError);
}
