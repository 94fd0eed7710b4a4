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

/// Two samples of three rows: queries, keys and values by one product or by three, of operands or of variables.
struct Attended {
  ctp::Layout layout;
  ctp::Parameter<2> x = layout.add("x", Shape<2>{6, 4}, ctp::Start::Weight);
  ctp::Parameter<2> w = layout.add("w", Shape<2>{12, 4}, ctp::Start::Weight);
  ctp::Parameter<1> b = layout.add("b", Shape<1>{12}, ctp::Start::Weight);
  ctp::Parameter<2> wq = layout.add("wq", Shape<2>{4, 4}, ctp::Start::Weight);
  ctp::Parameter<1> bq = layout.add("bq", Shape<1>{4}, ctp::Start::Weight);
  reference::Values theta = reference::random(layout.size(), 2);

  Attended() {
    for (double& weight : theta) weight /= 2;  // less curved, for differences
  }

  /// Each x is read by several products.
  Variable<2, B> with_operands(const Pass<B>& pass) const {
    const ctp::SharedOperand<B> shared(pass, pass[x]);
    auto one = attention_operand(pass, linear_operand(pass, shared, pass[w], pass[b]), 2, 2, {}, {});
    const auto y = linear(pass, std::move(one), pass[wq], pass[bq]);
    const ctp::SharedOperand<B> again(pass, y);
    auto q = linear_operand(pass, again, pass[wq], pass[bq]), k = linear_operand(pass, y, pass[wq], pass[bq]);
    auto v = linear_operand(pass, again, pass[wq], pass[bq]);
    auto three = attention_operand(pass, std::move(q), std::move(k), std::move(v), 2, 2, {}, {});
    return linear_residual(pass, std::move(three), pass[wq], pass[bq], y);
  }
  Variable<2, B> with_variables(const Pass<B>& pass) const {
    const auto all = linear(pass, pass[x], pass[w], pass[b]);
    using Columns = ctp::Columns<B>;
    const auto one = attention(pass, Columns(all, 0, 4), Columns(all, 4, 4), Columns(all, 8, 4), 2, 2, {}, {});
    const auto y = linear(pass, one, pass[wq], pass[bq]);
    const auto q = linear(pass, y, pass[wq], pass[bq]), k = linear(pass, y, pass[wq], pass[bq]);
    const auto v = linear(pass, y, pass[wq], pass[bq]);
    return linear_residual(pass, attention(pass, {q}, {k}, {v}, 2, 2, {}, {}), pass[wq], pass[bq], y);
  }
};

/// Value and gradients of the weighted sum of make(pass).
template <class Make>
std::vector<double> value_and_gradient(const reference::Values& theta, const Make& make) {
  ctp::Tape<B> tape;
  std::vector<double> gradient(theta.size());
  const Pass<B> pass{theta.data(), &tape, gradient.data(), {}};
  const auto y = make(pass);
  const auto sum = weighted_sum(pass, y);
  B::fill(1, 1.0, sum.grad.data);
  tape.backward();
  gradient.insert(gradient.end(), y.value.data, y.value.data + y.value.size());
  return gradient;
}

}  // namespace

TEST_CASE("operand: queries, keys and values are operands, whose gradients attention overwrites") {
  const Attended s;
  CHECK(value_and_gradient(s.theta, [&](const Pass<B>& pass) { return s.with_operands(pass); }) ==
        value_and_gradient(s.theta, [&](const Pass<B>& pass) { return s.with_variables(pass); }));
  // In enclosed() blocks, gradients reuse memory of earlier gradients, which is not zero.
  const auto inside = check_gradient<B>(s.theta, [&](const Pass<B>& pass) {
    const auto first =
        enclosed(pass, [&](const Pass<B>& inner) { return add(pass, s.with_operands(inner), inner[s.x]); });
    const auto second = enclosed(pass, [&](const Pass<B>& inner) { return add(pass, s.with_operands(inner), first); });
    return weighted_sum(pass, second);
  });
  CHECK_MESSAGE(inside.ok, inside.log);
}

TEST_CASE("operand: keys and values side by side are as keys and values apart") {
  const Attended s;
  const auto run = [&](const auto& attend) {
    return value_and_gradient(s.theta, [&](const Pass<B>& pass) {
      return linear(pass, attend(pass, linear(pass, pass[s.x], pass[s.w], pass[s.b])), pass[s.wq], pass[s.bq]);
    });
  };
  // A product with weight 1 makes an operand of columns.
  const auto columns = [&](const Pass<B>& pass, Variable<2, B> all, ctp::Index first, ctp::Index count) {
    const Variable<2, B> pick{pass.scratch(Shape<2>{count, 12}), {}};
    const Variable<1, B> none{pass.scratch(Shape<1>{count}), {}};
    B::zero(pick.value.data, 12 * count);
    B::zero(none.value.data, count);
    for (ctp::Index i = 0; i < count; ++i) pick.value.data[i * 12 + first + i] = 1;
    return linear_operand(pass, all, pick, none);
  };
  CHECK(run([&](const Pass<B>& pass, Variable<2, B> all) {
          return attention_operand(pass, columns(pass, all, 0, 4), columns(pass, all, 4, 8), 2, 2, {}, {});
        }) == run([&](const Pass<B>& pass, Variable<2, B> all) {
          return attention_operand(pass, columns(pass, all, 0, 12), 2, 2, {}, {});
        }));
}

TEST_CASE("operand: queries, keys and values side by side are equally wide") {
  const Slots s;
  ctp::Tape<B> tape;
  const Pass<B> pass{s.theta.data(), &tape, nullptr, {}};
  CHECK_THROWS_AS((void)attention_operand(pass, Operand(pass, Shape<2>{6, 4}), 2, 2, {}, {}), ctp::ShapeError);
  for (const ctp::Index width : {9, 10})
    CHECK_THROWS_AS(
        (void)attention_operand(pass, Operand(pass, Shape<2>{6, 4}), Operand(pass, Shape<2>{6, width}), 2, 2, {}, {}),
        ctp::ShapeError);
}

TEST_CASE("operand: where products read numbers as they are, a shared operand is the variable's own memory") {
  const Slots s;
  ctp::Tape<B> tape;
  const Pass<B> pass{s.theta.data(), &tape, nullptr, {}};
  CHECK(ctp::SharedOperand<B>(pass, pass[s.x]).packed == pass[s.x].value.data);
}

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
  CHECK(value_and_gradient(s.theta, [&](const Pass<B>& pass) { return s.with_operands(pass); }) ==
        value_and_gradient(s.theta, [&](const Pass<B>& pass) { return s.with_variables(pass); }));
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
