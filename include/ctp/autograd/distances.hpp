/// @file   ctp/autograd/distances.hpp
/// @brief  Euclidean distances between all pairs of rows.
/// @layer  autograd
#pragma once

#include <cmath>

#include <ctp/autograd/pass.hpp>

namespace ctp {

namespace detail {

/// y[i,j] = |a[i] - b[j]|, from differences: exact 0 for equal rows, and accurate for near ones.
template <class Real>
struct Distances {
  Index m, d;
  const Real *a, *b;
  Real* y;
  CTP_HD void operator()(Index i) const {
    const Real *const left = a + i / m * d, *const right = b + i % m * d;
    Real squares = 0;
    for (Index k = 0; k < d; ++k) {
      const Real difference = left[k] - right[k];
      squares += difference * difference;
    }
    y[i] = std::sqrt(squares);
  }
};
/// weight[i,j] = dy[i,j] / y[i,j], 0 for equal rows.
template <class Real>
struct DistanceWeights {
  const Real *y, *dy;
  Real* weight;
  CTP_HD void operator()(Index i) const { weight[i] = y[i] > Real(0) ? dy[i] / y[i] : Real(0); }
};
/// dx[r,k] += sum_c weight (x[r,k] - other[c,k]), with the weight of pair (r,c) at r * row_step + c * column_step.
template <class Real>
struct DistancesBackward {
  Index columns, row_step, column_step, d;
  const Real *weight, *x, *other;
  Real* dx;
  CTP_HD void operator()(Index i) const {
    const Real* const from = weight + i / d * row_step;
    const Real here = x[i];
    Real total = 0;
    for (Index c = 0; c < columns; ++c) total += from[c * column_step] * (here - other[c * d + i % d]);
    dx[i] += total;
  }
};

}  // namespace detail

/// @brief Euclidean distances of all pairs of rows: y[i,j] = |a[i] - b[j]|.
///
/// **Shapes.** a [n,d], b [m,d]; returns [n,m].  **Errors.** ShapeError.
/// **Gradient.** to a and b, if they have gradients; a and b may be the same. Two equal rows have distance 0 and no
/// gradient.
template <class B>
Variable<2, B> distances(const Pass<B>& outer, Variable<2, B> a, Variable<2, B> b) {
  using Real = typename B::Real;
  const Index n = a.value.shape[0], m = b.value.shape[0], d = a.value.shape[1];
  require_shape(b.value.shape[1] == d, "distances", "a", a.value.shape, "b", b.value.shape,
                "rows must be equally wide");
  const Pass<B> pass = detail::pass_of("distances", outer, a, b);
  const auto y = pass.make(Shape<2>{n, m});
  B::for_each(n * m, detail::Distances<Real>{m, d, a.value.data, b.value.data, y.value.data});
  Tensor<Real, 2, B> weight;
  if (pass.differentiates()) weight = pass.scratch(y.value.shape);
  pass.record([=] {
    B::for_each(n * m, detail::DistanceWeights<Real>{y.value.data, y.grad.data, weight.data});
    if (a.grad)
      B::for_each(n * d,
                  detail::DistancesBackward<Real>{m, m, 1, d, weight.data, a.value.data, b.value.data, a.grad.data});
    if (b.grad)
      B::for_each(m * d,
                  detail::DistancesBackward<Real>{n, 1, m, d, weight.data, b.value.data, a.value.data, b.grad.data});
  });
  return y;
}

}  // namespace ctp
