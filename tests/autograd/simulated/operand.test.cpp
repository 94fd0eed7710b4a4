// Operands in bfloat16 on simulated threads: gradients of a block against gradients in double.
#include <ctp/autograd/operand.hpp>

#include <cmath>
#include <cstddef>
#include <utility>

#include <doctest/doctest.h>

#include <ctp/autograd/attention.hpp>
#include <ctp/autograd/layer_norm.hpp>
#include <ctp/autograd/linear.hpp>
#include <ctp/nn/layout.hpp>
#include <ctp/testing/gradient.hpp>
#include <support/reference.hpp>
#include <support/simulated_cuda.hpp>

namespace {

using ctp::Shape;
using Exact = ctp::test::SimulatedCuda<double>;
using Rounding = ctp::test::SimulatedCuda<float, 7>;

/// Two samples of five rows, with heads of 32 or of other columns, through every operation on operands.
struct Block {
  ctp::Index width, hidden = 12, heads = 2, model = heads * width;
  ctp::Layout layout;
  ctp::Parameter<2> x = layout.add("x", Shape<2>{10, model}, ctp::Start::Weight);
  ctp::Parameter<1> gain = layout.add("gain", Shape<1>{model}, ctp::Start::Weight);
  ctp::Parameter<1> shift = layout.add("shift", Shape<1>{model}, ctp::Start::Weight);
  ctp::Parameter<2> wqkv = layout.add("wqkv", Shape<2>{3 * model, model}, ctp::Start::Weight);
  ctp::Parameter<1> bqkv = layout.add("bqkv", Shape<1>{3 * model}, ctp::Start::Weight);
  ctp::Parameter<2> w = layout.add("w", Shape<2>{model, model}, ctp::Start::Weight);
  ctp::Parameter<1> b = layout.add("b", Shape<1>{model}, ctp::Start::Weight);
  ctp::Parameter<2> w1 = layout.add("w1", Shape<2>{hidden, model}, ctp::Start::Weight);
  ctp::Parameter<1> b1 = layout.add("b1", Shape<1>{hidden}, ctp::Start::Weight);
  ctp::Parameter<2> w2 = layout.add("w2", Shape<2>{model, hidden}, ctp::Start::Weight);
  ctp::Parameter<1> b2 = layout.add("b2", Shape<1>{model}, ctp::Start::Weight);

  explicit Block(ctp::Index of_head) : width(of_head) {}

  template <class B>
  ctp::Variable<2, B> operator()(const ctp::Pass<B>& pass) const {
    const auto norm = [&](ctp::Variable<2, B> of) {
      return layer_norm_operand(pass, of, pass[gain], pass[shift], 1e-6);
    };
    auto qkv = linear_operand(pass, norm(pass[x]), pass[wqkv], pass[bqkv]);
    auto mixed = attention_operand(pass, std::move(qkv), 2, heads, {}, {});
    const auto y = linear_residual(pass, std::move(mixed), pass[w], pass[b], pass[x]);
    const ctp::SharedOperand<B> shared(pass, y);
    auto q = linear_operand(pass, shared, pass[w], pass[b]), k = linear_operand(pass, norm(y), pass[w], pass[b]);
    auto v = linear_operand(pass, shared, pass[w], pass[b]);
    auto again = attention_operand(pass, std::move(q), std::move(k), std::move(v), 2, heads, {}, {});
    const auto z = linear_residual(pass, std::move(again), pass[w], pass[b], y);
    auto h = gelu_operand(pass, norm(z), pass[w1], pass[b1]);
    return linear_residual(pass, std::move(h), pass[w2], pass[b2], z);
  }
};

/// Gradients of the weighted sum of the block's result.
template <class B>
reference::Values gradients(const Block& block, reference::Values weights) {
  for (double& one : weights) one /= 4;
  auto theta = reference::put<B>(weights);
  ctp::Tape<B> tape;
  auto gradient = reference::put<B>(reference::Values(weights.size(), 0.0));
  const ctp::Pass<B> pass{theta.data(), &tape, gradient.data(), {}};
  const auto sum = ctp::testing::weighted_sum(pass, block(pass));
  B::fill(1, typename B::Real(1), sum.grad.data);
  tape.backward();
  return gradient.template to_host<double>();
}

double off_in_norm(const reference::Values& found, const reference::Values& expected, ctp::Index first, ctp::Index n) {
  double squares = 0, size = 0;
  for (std::size_t i = reference::at(first); i < reference::at(first + n); ++i) {
    squares += (found[i] - expected[i]) * (found[i] - expected[i]);
    size += expected[i] * expected[i];
  }
  return std::sqrt(squares / size);
}

}  // namespace

TEST_CASE("operand: gradients that are stored in bfloat16 are those in double, up to the rounding of operands") {
  for (const ctp::Index width : {32, 5}) {
    const Block block(width);
    const auto weights = reference::random(block.layout.size(), 1);
    const auto exact = gradients<Exact>(block, weights), found = gradients<Rounding>(block, weights);
    const auto single = gradients<ctp::test::SimulatedCuda<float>>(block, weights);
    const auto check = [&](const auto& p) {
      CAPTURE(width);
      CAPTURE(p.offset);
      ctp::Index n = 1;
      for (const ctp::Index extent : p.shape) n *= extent;
      CHECK(off_in_norm(found, exact, p.offset, n) < 0.05);
      CHECK(off_in_norm(single, exact, p.offset, n) < 1e-4);
    };
    check(block.x), check(block.gain), check(block.shift), check(block.wqkv), check(block.w), check(block.b);
    check(block.w1), check(block.b1), check(block.w2), check(block.b2);
  }
}

TEST_CASE("operand: value and gradient take two bytes a number where products round operands") {
  ctp::Tape<Rounding> tape;
  float weight = 0;
  const ctp::Pass<Rounding> pass{&weight, &tape, &weight, {}};
  const auto bytes = [&] { return tape.memory(0).mark().total; };
  const std::size_t before = bytes();
  const ctp::Operand<Rounding> operand(pass, Shape<2>{64, 2});
  CHECK(bytes() - before == 2 * 2 * 128);  // at level 0 both lie in the memory of the step
}

TEST_CASE("operand: a product of data rounds its weight alone, with the bits of a product that rounds the data, too") {
  constexpr ctp::Index batch = 2, size = 8, patch = 4, rows = batch * 4, area = 3 * patch * patch, width = 5;
  ctp::Layout layout;
  const auto w = layout.add("w", Shape<2>{width, area}, ctp::Start::Weight);
  const auto b = layout.add("b", Shape<1>{width}, ctp::Start::Weight);
  auto theta = reference::put<Rounding>(reference::random(layout.size(), 1));
  auto images = reference::put<Rounding>(reference::random(batch * 3 * size * size, 2));
  const auto weights_gradient = [&](const auto& multiply, long roundings) {
    ctp::Tape<Rounding> tape;
    auto gradient = reference::put<Rounding>(reference::Values(reference::at(layout.size()), 0.0));
    const ctp::Pass<Rounding> pass{theta.data(), &tape, gradient.data(), {}};
    const long before = Rounding::roundings();
    const auto sum = ctp::testing::weighted_sum(pass, multiply(pass));
    Rounding::fill(1, 1.F, sum.grad.data);
    tape.backward();
    CHECK(Rounding::roundings() - before == roundings);
    return gradient.to_host();
  };
  const auto of_data = [&](const ctp::Pass<Rounding>& pass) {
    auto x = ctp::Operand<Rounding>::of_data(pass, Shape<2>{rows, area});
    CHECK(x.grad == nullptr);
    Rounding::patches(batch, 3, size, patch, images.data(), x.value);
    return linear(pass, std::move(x), pass[w], pass[b]);
  };
  const auto of_variable = [&](const ctp::Pass<Rounding>& pass) {
    const ctp::Variable<2, Rounding> x{pass.scratch(Shape<2>{rows, area}), {}};
    Rounding::patches(batch, 3, size, patch, images.data(), x.value.data);
    return linear(pass, x, pass[w], pass[b]);
  };
  CHECK(weights_gradient(of_data, 1) == weights_gradient(of_variable, 3));
}
