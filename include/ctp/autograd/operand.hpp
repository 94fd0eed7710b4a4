/// @file   ctp/autograd/operand.hpp
/// @brief  Matrices in packed form: Operand, for one operation, and SharedOperand, for any number of products.
/// @layer  autograd
#pragma once

#include <type_traits>
#include <utility>

#include <ctp/autograd/pass.hpp>
#include <ctp/backend/packed.hpp>

namespace ctp {

namespace detail {
/// Memory of n values that only a later operation and the backward pass read, in packed form. Not initialised.
template <class B>
backend::Packed<B>* packed_scratch(const Pass<B>& pass, Index n) {
  const std::size_t level = pass.differentiates() ? 0 : pass.level;
  return reinterpret_cast<backend::Packed<B>*>(pass.tape->memory(level).allocate(backend::packed_bytes<B>(n)));
}
}  // namespace detail

/// @brief Operand [n,k] of one operation, in the packed form of the backend's products.
///
/// Move-only. Pass an operand to exactly one operation that takes it, such as linear() or attention_operand(); if none
/// consumes it, its gradient is never written.
///
/// **Gradient.** [n,k], in packed form like the value. The operation's backward pass overwrites the gradient, so the
/// gradient's memory is not zeroed before. An operand of_data() has none.
template <class BackendType>
class [[nodiscard]] Operand {
 public:
  using Backend = BackendType;
  using Real = typename Backend::Real;

  Operand(const Pass<Backend>& pass, Shape<2> rows) : shape(rows), value(detail::packed_scratch(pass, count(rows))) {
    if (pass.differentiates())
      grad = reinterpret_cast<backend::Packed<Backend>*>(
          pass.tape->unzeroed(pass.level).allocate(backend::packed_bytes<Backend>(count(rows))));
  }
  /// An operand of data, such as pixels, that nothing differentiates.
  static Operand of_data(const Pass<Backend>& pass, Shape<2> rows) {
    return {rows, detail::packed_scratch(pass, count(rows))};
  }
  Operand(const Operand&) = delete;
  Operand(Operand&& other) noexcept
      : shape(other.shape), value(std::exchange(other.value, nullptr)), grad(std::exchange(other.grad, nullptr)) {}
  Operand& operator=(const Operand&) = delete;
  Operand& operator=(Operand&&) = delete;
  ~Operand() = default;

  Shape<2> shape;
  backend::Packed<Backend>* value = nullptr;
  backend::Packed<Backend>* grad = nullptr;  ///< null in a teacher's pass, and of data

 private:
  Operand(Shape<2> rows, backend::Packed<Backend>* numbers) : shape(rows), value(numbers) {}
};

/// @brief SharedOperand [n,k]: a variable with its value also in packed form, so that several products read a value
/// that is rounded once. Copies are views of the same memory.
///
/// **Gradient.** The backward pass of each product adds to the gradient of `variable`.
template <class BackendType>
struct SharedOperand {
  using Backend = BackendType;

  /// Packs x now. The copy, if the packed form is not that of x itself, lies in the memory of `pass`.
  SharedOperand(const Pass<Backend>& pass, Variable<2, Backend> x) : variable(x) {
    const auto allocate = [&](std::size_t bytes) {
      return pass.tape->memory(pass.differentiates() ? 0 : pass.level).allocate(bytes);
    };
    packed = backend::pack<Backend>(count(x.value.shape), x.value.data, allocate);
  }

  Variable<2, Backend> variable;
  backend::Packed<Backend>* packed = nullptr;
};

namespace detail {

/// View of a Variable or an Operand, for operations and their closures. `Number`, `Gradient`: Real or Packed.
template <class Number, class Gradient>
struct MatrixView {
  Shape<2> shape;
  Number* value;
  Gradient* grad;
  bool overwrite_grad;  ///< an Operand's: the backward pass writes the gradient instead of adding to it
};
template <class B>
auto matrix_view(const Variable<2, B>& x) {
  using Real = typename B::Real;
  return MatrixView<Real, Real>{x.value.shape, x.value.data, x.grad.data, false};
}
template <class B>
auto matrix_view(const Operand<B>& x) {
  return MatrixView<backend::Packed<B>, backend::Packed<B>>{x.shape, x.value, x.grad, true};
}
template <class B>
auto matrix_view(const SharedOperand<B>& x) {
  return MatrixView<backend::Packed<B>, typename B::Real>{x.variable.value.shape, x.packed, x.variable.grad.data,
                                                          false};
}
/// Consumes an operand and returns its view. **Errors.** UsageError if an operation has consumed the operand before.
template <class B>
auto consume(Operand<B>&& operand) {
  const Operand<B> x = std::move(operand);
  require(x.value != nullptr, "operand",
          "an operation has consumed this operand already; give several products a SharedOperand");
  return matrix_view(x);
}

/// A new value of type `Result`: Variable<2, B>, or a type made from pass and shape, such as Operand<B>.
template <class Result, class B>
Result make(const Pass<B>& pass, Shape<2> shape) {
  if constexpr (std::is_same_v<Result, Variable<2, B>>)
    return pass.make(shape);
  else
    return Result(pass, shape);
}

}  // namespace detail

}  // namespace ctp
