/// @file   ctp/autograd/linear.hpp
/// @brief  Affine maps with fused residual and GELU.
/// @layer  autograd - may include: core, backend, tensor
#pragma once

#include <ctp/autograd/pass.hpp>

namespace ctp {

namespace detail {
template <class B>
void require_linear(const Variable<2, B>& x, const Variable<2, B>& w, const Variable<1, B>& bias) {
  require_shape(x.value.shape[1] == w.value.shape[1], "linear", "x", x.value.shape, "w", w.value.shape,
                "a row of x times a row of w is one output");
  require_shape(bias.value.shape[0] == w.value.shape[0], "linear", "bias", bias.value.shape, "w", w.value.shape,
                "each row of w has one bias");
}
}  // namespace detail

/// @brief y = x w^T + bias.
///
/// **Shapes.** x [n,k], w [m,k], bias [m]; returns [n,m].  **Errors.** ShapeError.  **Gradient.** to x, w and bias.
template <class B>
Variable<2, B> linear(const Pass<B>& pass, Variable<2, B> x, Variable<2, B> w, Variable<1, B> bias) {
  detail::require_linear(x, w, bias);
  const Index n = x.value.shape[0], k = x.value.shape[1], m = w.value.shape[0];
  auto y = pass.make(Shape<2>{n, m});
  B::linear(n, k, m, x.value.data, w.value.data, bias.value.data, nullptr, y.value.data, nullptr);
  pass.record([=] {
    B::linear_backward(n, k, m, x.value.data, w.value.data, y.grad.data, x.grad.data, w.grad.data, bias.grad.data);
  });
  return y;
}

/// @brief y = residual + x w^T + bias.
///
/// **Shapes.** residual [n,m], the others as linear().  **Gradient.** to residual, x, w and bias.
template <class B>
Variable<2, B> linear_residual(const Pass<B>& pass, Variable<2, B> x, Variable<2, B> w, Variable<1, B> bias,
                               Variable<2, B> residual) {
  detail::require_linear(x, w, bias);
  const Index n = x.value.shape[0], k = x.value.shape[1], m = w.value.shape[0];
  require_shape(residual.value.shape == Shape<2>{n, m}, "linear_residual", "residual", residual.value.shape, "x w^T",
                Shape<2>{n, m}, "both are added");
  auto y = pass.make(Shape<2>{n, m});
  B::linear(n, k, m, x.value.data, w.value.data, bias.value.data, residual.value.data, y.value.data, nullptr);
  pass.record([=] {
    if (residual.grad) B::add_scaled(n * m, typename B::Real(1), y.grad.data, residual.grad.data);
    B::linear_backward(n, k, m, x.value.data, w.value.data, y.grad.data, x.grad.data, w.grad.data, bias.grad.data);
  });
  return y;
}

/// @brief y = gelu(x w^T + bias), GELU in its erf form.
///
/// **Shapes.** as linear().  **Gradient.** to x, w and bias.
template <class B>
Variable<2, B> linear_gelu(const Pass<B>& pass, Variable<2, B> x, Variable<2, B> w, Variable<1, B> bias) {
  detail::require_linear(x, w, bias);
  const Index n = x.value.shape[0], k = x.value.shape[1], m = w.value.shape[0];
  auto before = pass.scratch(Shape<2>{n, m});
  auto y = pass.make(Shape<2>{n, m});
  B::linear(n, k, m, x.value.data, w.value.data, bias.value.data, nullptr, before.data, y.value.data);
  pass.record([=] {
    B::gelu_backward(n * m, before.data, y.grad.data);  // in place: y's own gradient is not read again
    B::linear_backward(n, k, m, x.value.data, w.value.data, y.grad.data, x.grad.data, w.grad.data, bias.grad.data);
  });
  return y;
}

}  // namespace ctp
