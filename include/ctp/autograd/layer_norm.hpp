/// @file   ctp/autograd/layer_norm.hpp
/// @brief  Layer norm, layer norm of a residual sum with dropout, and dropout.
/// @layer  autograd
#pragma once

#include <ctp/autograd/residual.hpp>

namespace ctp {

namespace detail {
/// layer_norm() of x + dropout(branch), or of x if `branch` is null, with a result of type `Result`, Variable<2, B> or
/// Operand<B>.
template <class Result, class B>
Result layer_norm(const Pass<B>& pass, Variable<2, B> x, Variable<2, B> branch, const backend::Dropout& dropout,
                  Index rows_per_sample, Variable<1, B> gain, Variable<1, B> bias, double epsilon) {
  using Real = typename B::Real;
  const Index n = x.value.shape[0], d = x.value.shape[1];
  require_shape(gain.value.shape[0] == d && bias.value.shape[0] == d, "layer_norm", "x", x.value.shape, "gain",
                gain.value.shape, "each column has one gain and one bias");
  const auto sum = branch.value ? pass.scratch(x.value.shape) : x.value;
  auto result = make<Result>(pass, x.value.shape);
  const auto y = matrix_view(result);
  const auto mean = pass.scratch(Shape<1>{n}), inverse = pass.scratch(Shape<1>{n});
  B::layer_norm(n, d, x.value.data, branch.value.data, dropout, rows_per_sample, gain.value.data, bias.value.data,
                static_cast<Real>(epsilon), sum.data, y.value, mean.data, inverse.data);
  pass.record([=] {
    B::layer_norm_backward(n, d, sum.data, dropout, rows_per_sample, gain.value.data, mean.data, inverse.data, y.grad,
                           x.grad.data, branch.grad.data, gain.grad.data, bias.grad.data);
  });
  return result;
}
}  // namespace detail

/// @brief Layer normalisation of each row: y = gain (x - mean) / sqrt(variance + epsilon) + bias.
///
/// **Shapes.** x [n,d], gain and bias [d]; returns [n,d].  **Errors.** ShapeError.  **Gradient.** to x, gain and bias.
/// **Source.** Ba et al. 2016, arXiv:1607.06450.
template <class B>
Variable<2, B> layer_norm(const Pass<B>& pass, Variable<2, B> x, Variable<1, B> gain, Variable<1, B> bias,
                          double epsilon) {
  return detail::layer_norm<Variable<2, B>>(pass, x, Variable<2, B>{}, backend::Dropout{}, 1, gain, bias, epsilon);
}
template <class B>
Variable<2, B> layer_norm(const Pass<B>& pass, const Residual<B>& x, Variable<1, B> gain, Variable<1, B> bias,
                          double epsilon) {
  return layer_norm(pass, detail::read(x), gain, bias, epsilon);
}

/// layer_norm() with its result as an Operand, for one product.
template <class B>
Operand<B> layer_norm_operand(const Pass<B>& pass, Variable<2, B> x, Variable<1, B> gain, Variable<1, B> bias,
                              double epsilon) {
  return detail::layer_norm<Operand<B>>(pass, x, Variable<2, B>{}, backend::Dropout{}, 1, gain, bias, epsilon);
}
template <class B>
Operand<B> layer_norm_operand(const Pass<B>& pass, const Residual<B>& x, Variable<1, B> gain, Variable<1, B> bias,
                              double epsilon) {
  return layer_norm_operand(pass, detail::read(x), gain, bias, epsilon);
}

/// @brief Residual connection of a post-norm transformer block: layer_norm(x + dropout(branch)).
///
/// **Shapes.** x, branch [n,d], n = batch * rows_per_sample.  **Gradient.** to x, branch, gain and bias.
template <class B>
Variable<2, B> residual_layer_norm(const Pass<B>& pass, Variable<2, B> x, Variable<2, B> branch,
                                   const backend::Dropout& dropout, Index rows_per_sample, Variable<1, B> gain,
                                   Variable<1, B> bias, double epsilon) {
  require_shape(x.value.shape == branch.value.shape, "residual_layer_norm", "x", x.value.shape, "branch",
                branch.value.shape, "both are added");
  return detail::layer_norm<Variable<2, B>>(pass, x, branch, dropout, rows_per_sample, gain, bias, epsilon);
}

/// @brief Dropout: y = dropout(x).
///
/// **Shapes.** x [n,d], n = batch * rows_per_sample.  **Gradient.** to x. Returns x itself if `layer` is inactive.
template <class B>
Variable<2, B> dropout(const Pass<B>& pass, Variable<2, B> x, const backend::Dropout& layer, Index rows_per_sample) {
  if (!layer.active()) return x;
  const Index n = x.value.shape[0], d = x.value.shape[1];
  auto y = pass.make(x.value.shape);
  B::dropout(n, d, x.value.data, layer, rows_per_sample, false, y.value.data);
  pass.record([=] {
    if (x.grad) B::dropout(n, d, y.grad.data, layer, rows_per_sample, true, x.grad.data);
  });
  return y;
}

}  // namespace ctp
