#include <ctp/autograd/residual.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/autograd/layer_norm.hpp>
#include <ctp/nn/vit_block.hpp>
#include <support/operation.hpp>

using B = ctp::test::TestBackend<double>;
using ctp::Pass;
using ctp::Shape;
using ctp::Variable;
using ctp::testing::weighted_sum;
using Residual = ctp::Residual<B>;

// Whoever holds a copy could read it after the sum, with a gradient that is then the sum's.
static_assert(!std::is_copy_constructible_v<Residual>);
static_assert(!std::is_copy_assignable_v<Residual>);
static_assert(std::is_nothrow_move_constructible_v<Residual>);
static_assert(std::is_nothrow_move_assignable_v<Residual>);

namespace {

/// Two samples of three rows.
struct Slots {
  ctp::Layout layout;
  ctp::Parameter<2> x = layout.add("x", Shape<2>{6, 4}, ctp::Start::Weight);
  ctp::Parameter<1> gain = layout.add("gain", Shape<1>{4}, ctp::Start::Weight);
  ctp::Parameter<1> shift = layout.add("shift", Shape<1>{4}, ctp::Start::Weight);
  ctp::Parameter<2> w = layout.add("w", Shape<2>{4, 4}, ctp::Start::Weight);
  ctp::Parameter<1> b = layout.add("b", Shape<1>{4}, ctp::Start::Weight);
  ctp::nn::VitBlock block{layout, "block.", 4, 2};
  reference::Values theta = reference::random(layout.size(), 1);

  Slots() {
    for (double& weight : theta) weight /= 2;  // less curved, for differences
  }

  /// Two sums; the second product reads the first sum as it is.
  Variable<2, B> with_residual(const Pass<B>& pass, Variable<2, B> start) const {
    Residual stream(pass, start);
    auto normed = layer_norm_operand(pass, stream, pass[gain], pass[shift], 1e-6);
    stream = linear_residual(pass, std::move(normed), pass[w], pass[b], std::move(stream));
    const auto again = layer_norm(pass, stream, pass[gain], pass[shift], 1e-6);
    return linear_residual(pass, again, pass[w], pass[b], std::move(stream)).variable(pass);
  }
  Variable<2, B> with_variables(const Pass<B>& pass, Variable<2, B> stream) const {
    for (int sum = 0; sum < 2; ++sum)
      stream = linear_residual(pass, layer_norm(pass, stream, pass[gain], pass[shift], 1e-6), pass[w], pass[b], stream);
    return stream;
  }
};

}  // namespace

TEST_CASE("residual: values and gradients have the same bits as with variables") {
  const Slots s;
  const auto run = [&](const auto& sums) {
    return operation::gradient_and_loss<B>(
        s.theta, [&](const Pass<B>& pass) { return weighted_sum(pass, sums(pass, pass[s.x])); });
  };
  CHECK(run([&](const Pass<B>& pass, auto start) { return s.with_residual(pass, start); }) ==
        run([&](const Pass<B>& pass, auto start) { return s.with_variables(pass, start); }));
}

TEST_CASE("residual: gradients equal central differences, also in blocks that share the memory of gradients") {
  const Slots s;
  operation::check<B>(s.theta,
                      [&](const Pass<B>& pass) { return weighted_sum(pass, s.with_residual(pass, pass[s.x])); });
  operation::check<B>(s.theta, [&](const Pass<B>& pass) {
    const auto op = [&](const Pass<B>& inner, auto start) { return s.with_residual(inner, start); };
    return weighted_sum(pass, operation::in_blocks<B>(pass, pass[s.x], op));
  });
}

TEST_CASE("residual: the blocks of a network have one gradient, and the last reader may follow the last sum") {
  const Slots s;
  operation::check<B>(s.theta, [&](const Pass<B>& pass) {
    Residual x(pass, pass[s.x]);
    const auto* gradient = x.grad.data;
    for (int depth = 0; depth < 3; ++depth) x = s.block(pass, std::move(x), 2);
    CHECK(x.grad.data == gradient);
    return weighted_sum(pass, layer_norm(pass, x, pass[s.gain], pass[s.shift], 1e-6));
  });
}

TEST_CASE("residual: a block of variables keeps the gradient of its input apart") {
  const Slots s;
  operation::check<B>(s.theta, [&](const Pass<B>& pass) {
    const auto y = s.block(pass, pass[s.x], 2);
    if (pass.differentiates()) CHECK(y.grad.data != pass[s.x].grad.data);
    return weighted_sum(pass, add(pass, y, s.block(pass, pass[s.x], 2)));  // x is read again after the sum
  });
}

TEST_CASE("residual: a residual without gradient gives a sum that has one, and none in a teacher's pass") {
  const Slots s;
  const auto sum = [&](const Pass<B>& pass) {
    Residual x(Pass<B>{s.theta.data(), pass.tape}, Shape<2>{6, 4});  // of a teacher
    B::fill(24, 0.5, x.value.data);
    auto y = linear_residual(pass, pass[s.x], pass[s.w], pass[s.b], std::move(x));
    CHECK(static_cast<bool>(y.grad) == pass.differentiates());
    return std::move(y).variable(pass);
  };
  operation::check<B>(s.theta, [&](const Pass<B>& pass) { return weighted_sum(pass, sum(pass)); });
  ctp::Tape<B> tape;
  CHECK_FALSE(sum(Pass<B>{s.theta.data(), &tape}).grad);
}

TEST_CASE("residual: a residual that a sum has consumed is refused by everything that reads it") {
  const Slots s;
  ctp::Tape<B> tape;
  const Pass<B> pass{s.theta.data(), &tape};
  Residual x(pass, pass[s.x]);
  const auto sum = linear_residual(pass, pass[s.x], pass[s.w], pass[s.b], std::move(x));
  CHECK(sum.value.shape == Shape<2>{6, 4});
  // NOLINTBEGIN: use after move is the point
  CHECK_THROWS_WITH_AS((void)layer_norm(pass, x, pass[s.gain], pass[s.shift], 1e-6),
                       "residual: linear_residual() has consumed this residual already; read it before, or start with "
                       "Residual(pass, x) from a variable",
                       ctp::UsageError);
  CHECK_THROWS_AS((void)layer_norm_operand(pass, x, pass[s.gain], pass[s.shift], 1e-6), ctp::UsageError);
  CHECK_THROWS_AS((void)linear_residual(pass, pass[s.x], pass[s.w], pass[s.b], std::move(x)), ctp::UsageError);
  CHECK_THROWS_AS((void)s.block(pass, std::move(x), 2), ctp::UsageError);
  CHECK_THROWS_AS((void)std::move(x).variable(pass), ctp::UsageError);
  // NOLINTEND
}

TEST_CASE("residual: sizes that do not agree, and a sum that outlives its residual's block, are refused") {
  const Slots s;
  std::vector<double> gradient(s.theta.size());
  ctp::Tape<B> tape;
  const Pass<B> pass{s.theta.data(), &tape, gradient.data()};
  CHECK_THROWS_AS((void)linear_residual(pass, pass[s.x], pass[s.w], pass[s.b], Residual(pass, Shape<2>{6, 3})),
                  ctp::ShapeError);
  CHECK_THROWS_AS((void)enclosed(pass,
                                 [&](const Pass<B>& inner) {
                                   return linear_residual(pass, pass[s.x], pass[s.w], pass[s.b],
                                                          Residual(inner, inner[s.x]));
                                 }),
                  ctp::UsageError);
}
