/// @file   ctp/autograd/pass.hpp
/// @brief  With which weights, on which tape, and whether for training, a model runs.
/// @layer  autograd
#pragma once

#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>

#include <ctp/autograd/tape.hpp>
#include <ctp/backend/dropout.hpp>

namespace ctp {

/// A value on the tape. `grad.data` is null when nobody will differentiate it.
template <std::size_t Rank, class Backend>
struct Variable {
  using Real = typename Backend::Real;
  Tensor<Real, Rank, Backend> value, grad;
};

/// A loss, or any other number that lives on the tape.
template <class Backend>
using Scalar = Variable<0, Backend>;

/// A tensor that an operation only reads. Not deduced, so that one that may be written converts.
template <class T, std::size_t Rank, class Backend>
using Input = std::type_identity_t<Tensor<const T, Rank, Backend>>;

/// Where a weight lies in a parameter vector.
template <std::size_t Rank>
struct Parameter {
  Index offset = 0;
  Shape<Rank> shape{};
};

/// @brief What an operation needs to run: weights, a tape, and where gradients go.
///
/// Without `gradient` it is a teacher's pass: nothing is recorded and nothing is kept for a backward pass.
template <class BackendType>
struct Pass {
  using Backend = BackendType;
  using Real = typename Backend::Real;

  const Real* theta = nullptr;
  Tape<Backend>* tape = nullptr;
  Real* gradient = nullptr;
  backend::Dropout dropout{};  ///< of this batch; lane and use are the layer's business
  std::size_t level = 0;       ///< how deep this is in enclosed() work

  [[nodiscard]] bool differentiates() const { return gradient != nullptr; }

  /// A weight of the model as a value; its gradient is the slot in the gradient vector.
  template <std::size_t Rank>
  Variable<Rank, Backend> operator[](const Parameter<Rank>& p) const {
    // Weights are never written through a Variable; the cast spares a second Variable type.
    Variable<Rank, Backend> v{{const_cast<Real*>(theta) + p.offset, p.shape}, {}};
    if (gradient != nullptr) v.grad = {gradient + p.offset, p.shape};
    return v;
  }
  /// A new value with a zero gradient.
  template <std::size_t Rank>
  Variable<Rank, Backend> make(Shape<Rank> shape) const {
    Variable<Rank, Backend> v{scratch(shape), {}};
    if (gradient != nullptr) {
      v.grad = tape->template make<Real>(shape, level);
      if (level == 0) Backend::zero(v.grad.data, v.grad.size());  // else enclosed() sees to it
    }
    return v;
  }
  /// Memory without gradient.
  template <std::size_t Rank>
  Tensor<Real, Rank, Backend> scratch(Shape<Rank> shape) const {
    return tape->template make<Real>(shape, differentiates() ? 0 : level);
  }
  template <class Closure>
  void record(Closure closure) const {
    if (gradient != nullptr) tape->record(std::move(closure));
  }
  /// The dropout layer `lane` of this pass; inactive in a teacher's pass.
  [[nodiscard]] backend::Dropout dropout_layer(std::uint32_t lane) const {
    backend::Dropout layer = dropout;
    layer.dropout_id = lane;
    return layer;
  }
};

/// @brief compute(inner), some work whose inner values nobody outside will ask for: a block of an encoder.
///
/// Memory of what the pass `inner` makes serves the next such work again: gradients, and in a teacher's pass the values
/// too. What compute() returns it must make with `pass`. Enclosed work may itself enclose work, Tape::levels - 1 deep;
/// what is enclosed deeper keeps its memory as long as what encloses it.
/// **Errors.** UsageError if the result was made with `inner`.
template <class Backend, class Compute>
auto enclosed(const Pass<Backend>& pass, const Compute& compute) {
  if (pass.level + 1 >= Tape<Backend>::levels) return compute(pass);
  using Real = typename Backend::Real;
  Pass<Backend> inner = pass;
  ++inner.level;
  Arena<Backend>&memory = pass.tape->memory(inner.level), &unzeroed = pass.tape->unzeroed(inner.level);
  const auto begin = memory.mark(), unzeroed_begin = unzeroed.mark();
  const auto result = compute(inner);
  const void* const kept[] = {result.value.data, result.grad.data};
  // The first closure to run of this work: other work has left its gradients where those of this one will be.
  pass.record([&memory, begin, end = memory.mark()] {
    memory.between(begin, end, [](std::byte* p, std::size_t bytes) {
      Backend::zero(reinterpret_cast<Real*>(p), static_cast<Index>(bytes / sizeof(Real)));
    });
  });
  memory.between(begin, memory.mark(), [&](const std::byte* p, std::size_t bytes) {
    for (const void* one : kept)
      require(
          std::less<>{}(one, p) || !std::less<>{}(one, p + bytes), "enclosed",
          "what leaves enclosed work was made inside; make the result with the pass outside, not with the inner one");
  });
  memory.release(begin);
  unzeroed.release(unzeroed_begin);
  return result;
}

}  // namespace ctp
