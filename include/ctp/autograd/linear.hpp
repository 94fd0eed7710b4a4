/// @file   ctp/autograd/linear.hpp
/// @brief  Linear layers (affine maps), with fused residual addition or GELU.
/// @layer  autograd
#pragma once

#include <type_traits>
#include <utility>

#include <ctp/autograd/residual.hpp>

namespace ctp {

namespace detail {

template <class B>
void require_linear(Shape<2> x, const Variable<2, B>& w, const Variable<1, B>& bias) {
  require_shape(x[1] == w.value.shape[1], "linear", "x", x, "w", w.value.shape,
                "a row of x times a row of w is one output");
  require_shape(bias.value.shape[0] == w.value.shape[0], "linear", "bias", bias.value.shape, "w", w.value.shape,
                "each row of w has one bias");
}

/// y = x w^T + bias (+ residual), with a result of type `Result`: Variable<2, B>; Residual<B>, which takes over the
/// gradient of `residual`; or, without residual, Operand<B>. `In`: MatrixView.
template <class Result, class B, class In>
Result linear(const Pass<B>& pass, In x, Variable<2, B> w, Variable<1, B> bias, Variable<2, B> residual) {
  const Index n = x.shape[0], k = x.shape[1], m = w.value.shape[0];
  require_linear(x.shape, w, bias);
  require_shape(!residual.value || residual.value.shape == Shape<2>{n, m}, "linear_residual", "residual",
                residual.value.shape, "x w^T", Shape<2>{n, m}, "both are added");
  auto result = make_sum<Result>(pass, Shape<2>{n, m}, residual);
  const auto y = matrix_view(result);
  B::linear(n, k, m, x.value, w.value.data, bias.value.data, residual.value.data, y.value, nullptr);
  pass.record([=] {
    if constexpr (!std::is_same_v<Result, Operand<B>>)
      if (residual.grad && residual.grad.data != y.grad)
        B::add_scaled(n * m, typename B::Real(1), y.grad, residual.grad.data);
    B::linear_backward(n, k, m, x.value, w.value.data, nullptr, y.grad, x.grad, x.overwrite_grad, w.grad.data,
                       bias.grad.data);
  });
  return result;
}

/// y = gelu(x w^T + bias), with a result of type `Result`, Variable<2, B> or Operand<B>. `In`: MatrixView.
template <class Result, class B, class In>
Result linear_gelu(const Pass<B>& pass, In x, Variable<2, B> w, Variable<1, B> bias) {
  const Index n = x.shape[0], k = x.shape[1], m = w.value.shape[0];
  require_linear(x.shape, w, bias);
  auto* const before = packed_scratch(pass, n * m);
  auto result = make<Result>(pass, Shape<2>{n, m});
  const auto y = matrix_view(result);
  B::linear(n, k, m, x.value, w.value.data, bias.value.data, nullptr, before, y.value);
  pass.record([=] {
    B::linear_backward(n, k, m, x.value, w.value.data, before, y.grad, x.grad, x.overwrite_grad, w.grad.data,
                       bias.grad.data);
  });
  return result;
}

}  // namespace detail

/// @brief Linear layer: y = x w^T + bias.
///
/// **Shapes.** x [n,k], w [m,k], bias [m]; returns [n,m].  **Errors.** ShapeError.  **Gradient.** to x, w and bias.
template <class B>
Variable<2, B> linear(const Pass<B>& pass, Variable<2, B> x, Variable<2, B> w, Variable<1, B> bias) {
  return detail::linear<Variable<2, B>>(pass, detail::matrix_view(x), w, bias, {});
}
template <class B>
Variable<2, B> linear(const Pass<B>& pass, Operand<B>&& x, Variable<2, B> w, Variable<1, B> bias) {
  return detail::linear<Variable<2, B>>(pass, detail::consume(std::move(x)), w, bias, {});
}

template <class B>
Variable<2, B> linear(const Pass<B>& pass, const SharedOperand<B>& x, Variable<2, B> w, Variable<1, B> bias) {
  return detail::linear<Variable<2, B>>(pass, detail::matrix_view(x), w, bias, {});
}

/// linear() with its result as an Operand, for one operation.
template <class B>
Operand<B> linear_operand(const Pass<B>& pass, Variable<2, B> x, Variable<2, B> w, Variable<1, B> bias) {
  return detail::linear<Operand<B>>(pass, detail::matrix_view(x), w, bias, {});
}
template <class B>
Operand<B> linear_operand(const Pass<B>& pass, Operand<B>&& x, Variable<2, B> w, Variable<1, B> bias) {
  return detail::linear<Operand<B>>(pass, detail::consume(std::move(x)), w, bias, {});
}
template <class B>
Operand<B> linear_operand(const Pass<B>& pass, const SharedOperand<B>& x, Variable<2, B> w, Variable<1, B> bias) {
  return detail::linear<Operand<B>>(pass, detail::matrix_view(x), w, bias, {});
}

/// @brief Linear layer with residual: y = residual + x w^T + bias.
///
/// **Shapes.** residual [n,m], the others as linear().  **Gradient.** to residual, x, w and bias.
template <class B>
Variable<2, B> linear_residual(const Pass<B>& pass, Variable<2, B> x, Variable<2, B> w, Variable<1, B> bias,
                               Variable<2, B> residual) {
  return detail::linear<Variable<2, B>>(pass, detail::matrix_view(x), w, bias, residual);
}
template <class B>
Variable<2, B> linear_residual(const Pass<B>& pass, Operand<B>&& x, Variable<2, B> w, Variable<1, B> bias,
                               Variable<2, B> residual) {
  return detail::linear<Variable<2, B>>(pass, detail::consume(std::move(x)), w, bias, residual);
}
/// The same of a Residual, which it consumes: the sum takes over the gradient.  **Errors.** ShapeError; UsageError if
/// the residual is consumed already.
template <class B>
Residual<B> linear_residual(const Pass<B>& pass, Variable<2, B> x, Variable<2, B> w, Variable<1, B> bias,
                            Residual<B>&& residual) {
  return detail::linear<Residual<B>>(pass, detail::matrix_view(x), w, bias, detail::consume(std::move(residual)));
}
template <class B>
Residual<B> linear_residual(const Pass<B>& pass, Operand<B>&& x, Variable<2, B> w, Variable<1, B> bias,
                            Residual<B>&& residual) {
  return detail::linear<Residual<B>>(pass, detail::consume(std::move(x)), w, bias,
                                     detail::consume(std::move(residual)));
}

/// @brief Linear layer with GELU (erf form): y = gelu(x w^T + bias).
///
/// **Shapes.** as linear().  **Gradient.** to x, w and bias.
template <class B>
Variable<2, B> linear_gelu(const Pass<B>& pass, Variable<2, B> x, Variable<2, B> w, Variable<1, B> bias) {
  return detail::linear_gelu<Variable<2, B>>(pass, detail::matrix_view(x), w, bias);
}

/// linear_gelu() with its result as an Operand, for one operation.
template <class B>
Operand<B> gelu_operand(const Pass<B>& pass, Variable<2, B> x, Variable<2, B> w, Variable<1, B> bias) {
  return detail::linear_gelu<Operand<B>>(pass, detail::matrix_view(x), w, bias);
}
template <class B>
Operand<B> gelu_operand(const Pass<B>& pass, const SharedOperand<B>& x, Variable<2, B> w, Variable<1, B> bias) {
  return detail::linear_gelu<Operand<B>>(pass, detail::matrix_view(x), w, bias);
}
template <class B>
Operand<B> gelu_operand(const Pass<B>& pass, Operand<B>&& x, Variable<2, B> w, Variable<1, B> bias) {
  return detail::linear_gelu<Operand<B>>(pass, detail::consume(std::move(x)), w, bias);
}

}  // namespace ctp
