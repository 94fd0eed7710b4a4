/// @file   ctp/autograd/arithmetic.hpp
/// @brief  Elementwise sums, multiples and products, weighted sums and means: operations to combine losses.
/// @layer  autograd
#pragma once

#include <ctp/autograd/losses.hpp>
#include <ctp/autograd/pass.hpp>

namespace ctp {

/// @brief Scaled sum a + factor * b. **Shapes.** equal; returns the same.  **Gradient.** to a and b.
template <std::size_t Rank, class B>
Variable<Rank, B> add(const Pass<B>& pass, Variable<Rank, B> a, Variable<Rank, B> b, double factor = 1) {
  using Real = typename B::Real;
  require_shape(a.value.shape == b.value.shape, "add", "a", a.value.shape, "b", b.value.shape, "shapes must agree");
  const Index n = a.value.size();
  const Real f = static_cast<Real>(factor);
  auto y = pass.make(a.value.shape);
  B::copy(a.value.data, n, y.value.data);
  B::add_scaled(n, f, b.value.data, y.value.data);
  pass.record([=] {
    if (a.grad) B::add_scaled(n, Real(1), y.grad.data, a.grad.data);
    if (b.grad) B::add_scaled(n, f, y.grad.data, b.grad.data);
  });
  return y;
}

/// @brief Scalar multiple factor * x. **Shapes.** any; returns the same.  **Gradient.** to x.
template <std::size_t Rank, class B>
Variable<Rank, B> scale(const Pass<B>& pass, Variable<Rank, B> x, double factor) {
  using Real = typename B::Real;
  const Index n = x.value.size();
  const Real f = static_cast<Real>(factor);
  auto y = pass.make(x.value.shape);
  B::zero(y.value.data, n);
  B::add_scaled(n, f, x.value.data, y.value.data);
  pass.record([=] {
    if (x.grad) B::add_scaled(n, f, y.grad.data, x.grad.data);
  });
  return y;
}

/// @brief Multiple factor * x, learned factor. **Shapes.** x any, factor [1]; returns as x.  **Gradient.** to both.
template <std::size_t Rank, class B>
Variable<Rank, B> scale_by(const Pass<B>& pass, Variable<Rank, B> x, Variable<1, B> factor) {
  using Real = typename B::Real;
  require_shape(factor.value.shape[0] == 1, "scale_by", "x", x.value.shape, "factor", factor.value.shape,
                "the factor is a single number");
  const Index n = x.value.size();
  auto y = pass.make(x.value.shape);
  B::zero(y.value.data, n);
  B::add_scaled_by(n, factor.value.data, x.value.data, y.value.data);
  const auto slope = pass.scratch(Shape<1>{1});
  pass.record([=] {
    if (x.grad) B::add_scaled_by(n, factor.value.data, y.grad.data, x.grad.data);
    if (!factor.grad) return;
    B::dot(n, y.grad.data, x.value.data, slope.data);
    B::add_scaled(1, Real(1), slope.data, factor.grad.data);
  });
  return y;
}

/// @brief Elementwise product a * b. **Shapes.** equal; returns the same.  **Gradient.** to a and b.
template <std::size_t Rank, class B>
Variable<Rank, B> multiply(const Pass<B>& pass, Variable<Rank, B> a, Variable<Rank, B> b) {
  require_shape(a.value.shape == b.value.shape, "multiply", "a", a.value.shape, "b", b.value.shape,
                "shapes must agree");
  const Index n = a.value.size();
  auto y = pass.make(a.value.shape);
  B::multiply(n, a.value.data, b.value.data, false, y.value.data);
  pass.record([=] {
    if (a.grad) B::multiply(n, y.grad.data, b.value.data, true, a.grad.data);
    if (b.grad) B::multiply(n, y.grad.data, a.value.data, true, b.grad.data);
  });
  return y;
}

/// @brief Weighted sum sum_i weight[i] x[i]. **Shapes.** x, weight [n]; returns a scalar.  **Gradient.** to x.
template <class B>
Scalar<B> weighted_sum(const Pass<B>& pass, Variable<1, B> x, Input<typename B::Real, 1, B> weight) {
  require_shape(x.value.shape == weight.shape, "weighted_sum", "x", x.value.shape, "weight", weight.shape,
                "each element has a weight");
  const Index n = x.value.size();
  auto y = pass.make(Shape<0>{});
  B::dot(n, x.value.data, weight.data, y.value.data);
  pass.record([=] {
    if (x.grad) B::add_scaled_by(n, y.grad.data, weight.data, x.grad.data);
  });
  return y;
}

/// @brief The mean of a vector. **Shapes.** x [n]; returns a scalar.  **Gradient.** to x.
template <class B>
Scalar<B> mean(const Pass<B>& pass, Variable<1, B> x) {
  return weighted_sum(pass, x, mean_weights(pass, x.value.size()));
}

}  // namespace ctp
