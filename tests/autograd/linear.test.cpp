#include <ctp/autograd/linear.hpp>

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
  ctp::Parameter<2> x = layout.add("x", Shape<2>{5, 7}, ctp::Start::Weight);
  ctp::Parameter<2> w = layout.add("w", Shape<2>{3, 7}, ctp::Start::Weight);
  ctp::Parameter<1> bias = layout.add("bias", Shape<1>{3}, ctp::Start::Weight);
  ctp::Parameter<2> residual = layout.add("residual", Shape<2>{5, 3}, ctp::Start::Weight);
  reference::Values theta = reference::random(layout.size(), 1);
};
}  // namespace

TEST_CASE("linear: the gradients of all three forms equal central differences") {
  const Slots s;
  const auto plain = check_gradient<B>(s.theta, [&](const Pass<B>& pass) {
    return weighted_sum(pass, linear(pass, pass[s.x], pass[s.w], pass[s.bias]));
  });
  CHECK_MESSAGE(plain.ok, plain.log);
  const auto residual = check_gradient<B>(s.theta, [&](const Pass<B>& pass) {
    return weighted_sum(pass, linear_residual(pass, pass[s.x], pass[s.w], pass[s.bias], pass[s.residual]));
  });
  CHECK_MESSAGE(residual.ok, residual.log);
  const auto gelu = check_gradient<B>(s.theta, [&](const Pass<B>& pass) {
    return weighted_sum(pass, linear_gelu(pass, pass[s.x], pass[s.w], pass[s.bias]));
  });
  CHECK_MESSAGE(gelu.ok, gelu.log);
}

TEST_CASE("linear: an input without gradient gets no gradient") {
  const Slots s;
  const auto report = check_gradient<B>(s.theta, [&](const Pass<B>& pass) {
    auto x = pass.make(Shape<2>{5, 7});
    B::fill(35, 0.5, x.value.data);
    x.grad = {};
    return weighted_sum(pass, linear_gelu(pass, x, pass[s.w], pass[s.bias]));
  });
  CHECK_MESSAGE(report.ok, report.log);
}

TEST_CASE("linear: sizes that do not agree are refused by name") {
  const Slots s;
  ctp::Tape<B> tape;
  const Pass<B> pass{s.theta.data(), &tape, nullptr, {}};
  const ctp::Parameter<2> narrow{0, {3, 6}};
  const ctp::Parameter<1> few{0, {2}};
  CHECK_THROWS_WITH_AS((void)linear(pass, pass[s.x], pass[narrow], pass[s.bias]),
                       "linear: x is [5,7] but w is [3,6]; a row of x times a row of w is one output", ctp::ShapeError);
  CHECK_THROWS_WITH_AS((void)linear_gelu(pass, pass[s.x], pass[s.w], pass[few]),
                       "linear: bias is [2] but w is [3,7]; each row of w has one bias", ctp::ShapeError);
  CHECK_THROWS_WITH_AS((void)linear_residual(pass, pass[s.x], pass[s.w], pass[s.bias], pass[s.x]),
                       "linear_residual: residual is [5,7] but x w^T is [5,3]; both are added", ctp::ShapeError);
}
