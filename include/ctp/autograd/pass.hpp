/// @file   ctp/autograd/pass.hpp
/// @brief  Context of a forward pass: weights, tape, gradient vector and dropout.
/// @layer  autograd
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>

#include <ctp/autograd/tape.hpp>
#include <ctp/backend/dropout.hpp>

namespace ctp {

/// A value on the tape with its gradient. `grad.data` is null if the value is not differentiated. The tape and the
/// memory level are those of the pass that made the value, so that operators (operators.hpp) need no pass.
template <std::size_t Rank, class Backend>
struct Variable {
  using Real = typename Backend::Real;
  Tensor<Real, Rank, Backend> value, grad;
  Tape<Backend>* tape = nullptr;  ///< null if no pass has made this value
  std::uint32_t level = 0;
};

/// A number on the tape, such as a loss.
template <class Backend>
using Scalar = Variable<0, Backend>;

/// A read-only tensor argument. T and Rank are not deduced from it, so that a Tensor<T> converts to Tensor<const T>.
template <class T, std::size_t Rank, class Backend>
using Input = std::type_identity_t<Tensor<const T, Rank, Backend>>;

/// Offset and shape of a weight in a parameter vector. A Parameter that no Layout has made is in none: offset -1.
template <std::size_t Rank>
struct Parameter {
  Index offset = -1;
  Shape<Rank> shape{};
};

/// @brief The context that every operation takes: weights, tape, gradient vector and dropout.
///
/// `gradient` = null makes a teacher's pass: operations record no closures and keep no values for a backward pass.
template <class BackendType>
struct Pass {
  using Backend = BackendType;
  using Real = typename Backend::Real;

  const Real* theta = nullptr;
  Tape<Backend>* tape = nullptr;
  Real* gradient = nullptr;
  backend::Dropout dropout{};  ///< of this batch; dropout_layer() sets its dropout_id
  std::size_t level = 0;       ///< nesting depth in enclosed()

  [[nodiscard]] bool differentiates() const { return gradient != nullptr; }
  [[nodiscard]] std::uint32_t memory_level() const { return static_cast<std::uint32_t>(level); }

  /// A weight of the model or of a policy as a Variable. Value and gradient are views of `theta` and `gradient`.
  /// **Errors.** UsageError for a Parameter that no Layout has made.
  template <std::size_t Rank>
  Variable<Rank, Backend> operator[](const Parameter<Rank>& p) const {
    require(
        p.offset >= 0, "pass[parameter]",
        "expected a parameter of the layout, found one that was never added; in 'parameters(layout)' of the policy, "
        "assign the result of 'layout.template add<Rank>(...)' to the parameter, and change settings that decide on "
        "parameters before the Learner is made: 'Learner(model, options, configure)'");
    // Weights are never written through a Variable; the cast spares a second Variable type.
    Variable<Rank, Backend> v{{const_cast<Real*>(theta) + p.offset, p.shape}, {}, tape, memory_level()};
    if (gradient != nullptr) v.grad = {gradient + p.offset, p.shape};
    return v;
  }
  /// A new value with a zero gradient.
  template <std::size_t Rank>
  Variable<Rank, Backend> make(Shape<Rank> shape) const {
    const auto value = scratch(shape);
    return {value, new_gradient(shape), tape, memory_level()};
  }
  /// A new gradient of zeros; null in a teacher's pass.
  template <std::size_t Rank>
  Tensor<Real, Rank, Backend> new_gradient(Shape<Rank> shape) const {
    if (gradient == nullptr) return {};
    const auto zeros = tape->template make<Real>(shape, level);
    if (level == 0) Backend::zero(zeros.data, zeros.size());  // deeper levels: enclosed() zeroes the gradients
    return zeros;
  }
  /// An uninitialised tensor without gradient.
  template <std::size_t Rank>
  Tensor<Real, Rank, Backend> scratch(Shape<Rank> shape) const {
    return tape->template make<Real>(shape, differentiates() ? 0 : level);
  }
  /// Keeps a closure for the backward pass; does nothing in a teacher's pass.
  template <class Closure>
  void record(Closure closure) const {
    if (gradient != nullptr) tape->record(std::move(closure));
  }
  /// The dropout layer number `dropout_id` of this pass; inactive in a teacher's pass.
  ///
  /// A mask is Philox4x32-10 with the key of the stream "dropout" and the counter (block, dropout_id, sample, task and
  /// epoch); backend::Dropout defines the block of an element. A dropout_id is encoder::first_dropout_id(reading) plus
  /// the number of the layer in the text encoder. Bert: 0 embeddings; 1 + 5 i to 5 + 5 i block i, in the order
  /// self-attention weights, self-attention output, cross-attention weights, cross-attention output, feed-forward
  /// output. BagOfWords: 0 embeddings; 1 + 4 i to 4 + 4 i block i, in the order mean, cross-attention weights,
  /// cross-attention output, feed-forward output. A block without cross-attention leaves its two numbers unused.
  [[nodiscard]] backend::Dropout dropout_layer(std::uint32_t dropout_id) const {
    backend::Dropout layer = dropout;
    layer.dropout_id = dropout_id;
    return layer;
  }
};

namespace detail {

/// @brief The pass in which an operation on `x...` runs: `pass` itself, or `pass` without gradient if no x has one.
///
/// Without gradient, the result lies in the memory of the whole step if `pass` differentiates: a backward closure of a
/// later operation may read the result. **Errors.** UsageError if an x has a gradient and `pass` records none.
template <class B, std::size_t... Rank>
Pass<B> pass_of(const char* operation, const Pass<B>& pass, const Variable<Rank, B>&... x) {
  const bool gradient = (static_cast<bool>(x.grad) || ...);
  require(
      pass.differentiates() || !gradient, operation,
      "an operand has a gradient, but the pass records none; take the pass of the online model, or stop_gradient()");
  Pass<B> own = pass;
  if (pass.differentiates() && !gradient) {
    own.gradient = nullptr;
    own.level = 0;
  }
  return own;
}

/// @brief The pass of an operator on values that know their tape. The result has a gradient if an operand has one, and
/// the higher memory level of the operands.
///
/// The pass has no weights. Its `gradient` only says whether the operator differentiates. **Errors.** UsageError if no
/// operand lies on a tape, or if operands with gradients lie on different tapes.
template <class B, std::size_t... Rank>
Pass<B> operator_pass(const char* operation, const Variable<Rank, B>&... x) {
  Pass<B> pass;
  Tape<B>*recording = nullptr, *other = nullptr;
  const auto take = [&](Tape<B>* tape, typename B::Real* gradient, std::uint32_t level) {
    if (level > pass.level) pass.level = level;
    if (gradient == nullptr) {
      if (other == nullptr) other = tape;
      return;
    }
    require(recording == nullptr || tape == nullptr || tape == recording, operation,
            "the operands lie on different tapes; combine values of one step only");
    if (tape != nullptr) recording = tape;
    pass.gradient = gradient;
  };
  (take(x.tape, x.grad.data, x.level), ...);
  pass.tape = recording != nullptr ? recording : other;
  require(pass.tape != nullptr, operation,
          "no operand lies on a tape; make values with pass.make(), pass[parameter] or an operation");
  return pass;
}

}  // namespace detail

/// @brief Runs a block, compute(inner), with a nested pass whose temporaries are reused by the next block.
///
/// Blocks at the same level share the memory of gradients made with `inner`; in a teacher's pass they also share the
/// memory of values made with `inner`. compute() must make its result with `pass`. Blocks nest up to Tape::levels - 1
/// deep; deeper blocks run without a nested pass and keep their memory as long as the surrounding block.
/// **Errors.** UsageError if the result was made with `inner`.
template <class Backend, class Compute>
auto enclosed(const Pass<Backend>& pass, const Compute& compute) {
  if (pass.level + 1 >= Tape<Backend>::levels) return compute(pass);
  using Real = typename Backend::Real;
  Pass<Backend> inner = pass;
  ++inner.level;
  Arena<Backend>&memory = pass.tape->memory(inner.level), &unzeroed = pass.tape->unzeroed(inner.level);
  const auto begin = memory.mark(), unzeroed_begin = unzeroed.mark();
  auto result = compute(inner);
  const void* const kept[] = {result.value.data, result.grad.data};
  // Runs first in this block's backward pass: another block has left its gradients in the shared memory.
  pass.record([&memory, begin, end = memory.mark()] {
    memory.between(begin, end, [](std::byte* p, std::size_t bytes) {
      Backend::zero(reinterpret_cast<Real*>(p), static_cast<Index>(bytes / sizeof(Real)));
    });
  });
  memory.between(begin, memory.mark(), [&](const std::byte* p, std::size_t bytes) {
    for (const void* result_data : kept)
      require(std::less<>{}(result_data, p) || !std::less<>{}(result_data, p + bytes), "enclosed",
              "the block's result was made with the inner pass; make the result with the outer pass");
  });
  memory.release(begin);
  unzeroed.release(unzeroed_begin);
  return result;
}

}  // namespace ctp
