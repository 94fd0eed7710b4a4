/// @file   ctp/autograd/scores.hpp
/// @brief  Similarity scores between two sets of rows.
/// @layer  autograd
#pragma once

#include <ctp/autograd/pass.hpp>

namespace ctp {

/// @brief Scaled inner products s = factor * a b^T of all pairs of rows of a and b.
///
/// **Shapes.** a [n,d], b [m,d]; returns [n,m].  **Errors.** ShapeError.
/// **Gradient.** to a and b, if they have gradients; a and b may be the same.
template <class B>
Variable<2, B> scores(const Pass<B>& pass, Variable<2, B> a, Variable<2, B> b, double factor) {
  using Real = typename B::Real;
  const Index n = a.value.shape[0], m = b.value.shape[0], d = a.value.shape[1];
  require_shape(b.value.shape[1] == d, "scores", "a", a.value.shape, "b", b.value.shape, "rows must be equally wide");
  const Real f = static_cast<Real>(factor);
  auto s = pass.make(Shape<2>{n, m});
  B::product(false, true, n, m, d, f, a.value.data, d, b.value.data, d, false, s.value.data);
  pass.record([=] {
    if (a.grad) B::product(false, false, n, d, m, f, s.grad.data, m, b.value.data, d, true, a.grad.data);
    if (b.grad) B::product(true, false, m, d, n, f, s.grad.data, m, a.value.data, d, true, b.grad.data);
  });
  return s;
}

/// @brief Copy of square scores with `value` on the diagonal: excludes each row's similarity to itself from a softmax.
///
/// **Shapes.** s [n,n]; returns [n,n].  **Gradient.** to s off the diagonal.
template <class B>
Variable<2, B> with_diagonal(const Pass<B>& pass, Variable<2, B> s, double value) {
  using Real = typename B::Real;
  const Index n = s.value.shape[0];
  require_shape(s.value.shape[1] == n, "with_diagonal", "scores", s.value.shape, "square", Shape<2>{n, n},
                "only square scores have a diagonal");
  auto y = pass.make(s.value.shape);
  B::copy(s.value.data, n * n, y.value.data);
  B::set_diagonal(n, static_cast<Real>(value), y.value.data);
  pass.record([=] {
    if (!s.grad) return;
    B::set_diagonal(n, Real(0), y.grad.data);
    B::add_scaled(n * n, Real(1), y.grad.data, s.grad.data);
  });
  return y;
}

}  // namespace ctp
