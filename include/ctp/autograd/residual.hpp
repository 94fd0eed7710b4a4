/// @file   ctp/autograd/residual.hpp
/// @brief  Residual: the value to which the blocks of a pre-norm network add, with one gradient for all its sums.
/// @layer  autograd
#pragma once

#include <type_traits>
#include <utility>

#include <ctp/autograd/operand.hpp>

namespace ctp {

/// @brief Residual [n,d]: a value that operations read until linear_residual() replaces it by its sum with a product.
///
/// Move-only. linear_residual() consumes the residual and returns the sum, whose gradient is the residual's own: the
/// operations that read the residual add to that gradient later in the backward pass. So nothing may read the residual
/// after the sum. The type holds callers to this: operations read a residual in place, a copy does not compile, and one
/// that has been consumed is refused.
template <class BackendType>
class Residual {
 public:
  using Backend = BackendType;
  using Real = typename Backend::Real;

  /// A new value with a zero gradient.
  Residual(const Pass<Backend>& pass, Shape<2> shape) : value(pass.scratch(shape)), grad(pass.new_gradient(shape)) {}
  /// The value of x, with a gradient of its own, which the backward pass adds to x's: x may have further readers.
  Residual(const Pass<Backend>& pass, Variable<2, Backend> x) : value(x.value), grad(pass.new_gradient(x.value.shape)) {
    if (x.grad)
      pass.record([from = grad, to = x.grad] {
        Backend::add_scaled(from.size(), typename Backend::Real(1), from.data, to.data);
      });
  }
  /// For operations: a value whose gradient lies in the memory `gradient`.
  Residual(Tensor<Real, 2, Backend> x, Tensor<Real, 2, Backend> gradient) : value(x), grad(gradient) {}
  Residual(const Residual&) = delete;
  Residual(Residual&& other) noexcept : value(std::exchange(other.value, {})), grad(std::exchange(other.grad, {})) {}
  Residual& operator=(const Residual&) = delete;
  Residual& operator=(Residual&& other) noexcept {
    value = std::exchange(other.value, {});
    grad = std::exchange(other.grad, {});
    return *this;
  }
  ~Residual() = default;

  /// The residual as a variable of `pass`, for any operations; consumes it. **Errors.** UsageError if it is consumed.
  [[nodiscard]] Variable<2, Backend> variable(const Pass<Backend>& pass) && {
    require_present();
    return {std::exchange(value, {}), std::exchange(grad, {}), pass.tape, pass.memory_level()};
  }
  /// **Errors.** UsageError if the residual is consumed.
  void require_present() const {
    require(
        static_cast<bool>(value), "residual",
        "linear_residual() has consumed this residual already; read it before, or start with Residual(pass, x) from "
        "a variable");
  }

  Tensor<Real, 2, Backend> value, grad;  ///< null if the residual is consumed; `grad`: also in a teacher's pass
};

namespace detail {

/// A residual as an operation reads it. **Errors.** UsageError if it is consumed.
template <class B>
Variable<2, B> read(const Residual<B>& x) {
  x.require_present();
  return {x.value, x.grad};
}
/// Consumes a residual. **Errors.** UsageError if it is consumed.
template <class B>
Variable<2, B> consume(Residual<B>&& residual) {
  const Residual<B> x = std::move(residual);
  return read(x);
}
template <class B>
auto matrix_view(const Residual<B>& x) {
  return matrix_view(read(x));
}

/// A new value of type `Result` for a sum with `residual`; a Residual takes over the gradient of `residual`.
template <class Result, class B>
Result make_sum(const Pass<B>& pass, Shape<2> shape, const Variable<2, B>& residual) {
  if constexpr (std::is_same_v<Result, Residual<B>>) {
    if (pass.differentiates() && residual.grad) return {pass.scratch(shape), residual.grad};
  }
  return make<Result>(pass, shape);
}

}  // namespace detail

}  // namespace ctp
