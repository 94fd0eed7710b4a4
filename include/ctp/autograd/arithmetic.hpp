/// @file   ctp/autograd/arithmetic.hpp
/// @brief  Sums, multiples and means, enough to combine losses.
/// @layer  autograd - may include: core, backend, tensor
#pragma once

#include <ctp/autograd/losses.hpp>
#include <ctp/autograd/pass.hpp>

namespace ctp {

/// @brief a + factor * b. **Shapes.** equal; returns the same.  **Gradient.** to a and b.
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

/// @brief factor * x. **Shapes.** any; returns the same.  **Gradient.** to x.
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

/// @brief Elementwise a * b. **Shapes.** equal; returns the same.  **Gradient.** to a and b.
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

/// @brief The mean of a vector. **Shapes.** x [n]; returns a scalar.  **Gradient.** to x.
template <class B>
Scalar<B> mean(const Pass<B>& pass, Variable<1, B> x) {
  const Index n = x.value.size();
  const auto weight = mean_weights(pass, n);
  auto y = pass.make(Shape<0>{});
  B::dot(n, x.value.data, weight.data, y.value.data);
  pass.record([=] {
    if (x.grad) B::add_scaled_by(n, y.grad.data, weight.data, x.grad.data);
  });
  return y;
}

}  // namespace ctp
