#include <ctp/autograd/operand.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/autograd/attention.hpp>
#include <ctp/autograd/layer_norm.hpp>
#include <ctp/autograd/linear.hpp>
#include <ctp/nn/layout.hpp>
#include <ctp/testing/gradient.hpp>
#include <support/reference.hpp>

using B = ctp::BasicCpu<double>;
using ctp::Pass;
using ctp::Shape;
using ctp::Variable;
using ctp::testing::check_gradient;
using ctp::testing::weighted_sum;
using Operand = ctp::Operand<B>;

static_assert(!std::is_copy_constructible_v<Operand>);
static_assert(std::is_move_constructible_v<Operand>);

namespace {

/// Two samples of three rows: the operations of a block, in which each product consumes the previous result.
struct Slots {
  ctp::Layout layout;
  ctp::Parameter<2> x = layout.add("x", Shape<2>{6, 4}, ctp::Start::Weight);
  ctp::Parameter<1> gain = layout.add("gain", Shape<1>{4}, ctp::Start::Weight);
  ctp::Parameter<1> shift = layout.add("shift", Shape<1>{4}, ctp::Start::Weight);
  ctp::Parameter<2> w1 = layout.add("w1", Shape<2>{5, 4}, ctp::Start::Weight);
  ctp::Parameter<1> b1 = layout.add("b1", Shape<1>{5}, ctp::Start::Weight);
  ctp::Parameter<2> w2 = layout.add("w2", Shape<2>{4, 5}, ctp::Start::Weight);
  ctp::Parameter<1> b2 = layout.add("b2", Shape<1>{4}, ctp::Start::Weight);
  ctp::Parameter<2> w3 = layout.add("w3", Shape<2>{4, 4}, ctp::Start::Weight);
  ctp::Parameter<1> b3 = layout.add("b3", Shape<1>{4}, ctp::Start::Weight);
  reference::Values theta = reference::random(layout.size(), 1);

  Variable<2, B> with_operands(const Pass<B>& pass) const {
    auto h = gelu_operand(pass, layer_norm_operand(pass, pass[x], pass[gain], pass[shift], 1e-6), pass[w1], pass[b1]);
    return rest(pass, linear_residual(pass, std::move(h), pass[w2], pass[b2], pass[x]));
  }
  Variable<2, B> rest(const Pass<B>& pass, Variable<2, B> y) const {
    auto mixed = attention_operand(pass, {y}, {y}, {y}, 2, 2, {}, {});
    return linear(pass, std::move(mixed), pass[w3], pass[b3]);
  }
  Variable<2, B> with_variables(const Pass<B>& pass) const {
    const auto h = linear_gelu(pass, layer_norm(pass, pass[x], pass[gain], pass[shift], 1e-6), pass[w1], pass[b1]);
    const auto y = linear_residual(pass, h, pass[w2], pass[b2], pass[x]);
    return linear(pass, attention(pass, {y}, {y}, {y}, 2, 2, {}, {}), pass[w3], pass[b3]);
  }
};

}  // namespace

TEST_CASE("operand: gradients through operands equal central differences") {
  const Slots s;
  const auto outside =
      check_gradient<B>(s.theta, [&](const Pass<B>& pass) { return weighted_sum(pass, s.with_operands(pass)); });
  CHECK_MESSAGE(outside.ok, outside.log);
  // In enclosed() blocks, gradients reuse memory of earlier gradients, which is not zero.
  const auto inside = check_gradient<B>(s.theta, [&](const Pass<B>& pass) {
    const auto first =
        enclosed(pass, [&](const Pass<B>& inner) { return add(pass, s.with_operands(inner), inner[s.x]); });
    const auto second = enclosed(pass, [&](const Pass<B>& inner) { return add(pass, s.rest(inner, first), first); });
    return weighted_sum(pass, second);
  });
  CHECK_MESSAGE(inside.ok, inside.log);
}

TEST_CASE("operand: values and gradients have the same bits as with variables") {
  const Slots s;
  const auto run = [&](bool operands) {
    ctp::Tape<B> tape;
    std::vector<double> gradient(s.theta.size());
    const Pass<B> pass{s.theta.data(), &tape, gradient.data(), {}};
    const auto y = operands ? s.with_operands(pass) : s.with_variables(pass);
    const auto sum = weighted_sum(pass, y);
    B::fill(1, 1.0, sum.grad.data);
    tape.backward();
    gradient.insert(gradient.end(), y.value.data, y.value.data + y.value.size());
    return gradient;
  };
  CHECK(run(true) == run(false));
}

TEST_CASE("operand: in a teacher's pass an operand has no gradient and lies in the memory of the pass's level") {
  ctp::Tape<B> tape;
  const Pass<B> teacher{nullptr, &tape, nullptr, {}};
  const Operand first(teacher, Shape<2>{8, 8});
  CHECK(first.grad == nullptr);
  const auto y = enclosed(teacher, [&](const Pass<B>& inner) {
    const Operand gone(inner, Shape<2>{8, 8});
    CHECK(reinterpret_cast<std::byte*>(gone.value) + 8 * 8 * 8 == tape.memory(1).allocate(0));
    return teacher.make(Shape<2>{8, 8});
  });
  CHECK(y.value.data == first.value + 64);
}

TEST_CASE("operand: an operand can be consumed once") {
  const Slots s;
  ctp::Tape<B> tape;
  const Pass<B> pass{s.theta.data(), &tape, nullptr, {}};
  Operand x(pass, Shape<2>{6, 4});
  B::fill(24, 1.0, x.value);
  CHECK(linear(pass, std::move(x), pass[s.w1], pass[s.b1]).value.shape == Shape<2>{6, 5});
  CHECK_THROWS_AS((void)linear(pass, std::move(x), pass[s.w1], pass[s.b1]),
                  ctp::UsageError);  // NOLINT: use after move is the point
}
