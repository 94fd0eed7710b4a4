/// @file   ctp/autograd/reductions.hpp
/// @brief  Sums and means over all elements, over rows and over columns; the norm.
/// @layer  autograd
///
/// Sums run in double, in an order that depends on the shape only.
#pragma once

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/autograd/broadcast.hpp>
#include <ctp/autograd/views.hpp>

namespace ctp {

namespace detail {

/// dx[i] += factor * dy[at(i)].
template <class Real, class Place>
struct AddStretched {
  const Real* dy;
  Place at;
  double factor;
  Real* dx;
  CTP_HD void operator()(Index i) const { dx[i] += static_cast<Real>(factor) * dy[at(i)]; }
};

template <std::size_t Rank, class B>
Scalar<B> scaled_sum(const char* operation, const Pass<B>& outer, Variable<Rank, B> x, double factor) {
  using Real = typename B::Real;
  const Pass<B> pass = pass_of(operation, outer, x);
  const Index n = x.value.size();
  const auto y = pass.make(Shape<0>{});
  sum_all<B>(n, x.value.data, factor, false, partial_sums(pass, n), y.value.data);
  pass.record([=] {
    if (x.grad) B::for_each(n, AddStretched<Real, FlatPlace>{y.grad.data, {0}, factor, x.grad.data});
  });
  return y;
}

/// y[i] = factor * the sum of row i, or with `columns` of column i.
template <class B>
Variable<1, B> scaled_sums(const char* operation, const Pass<B>& outer, Variable<2, B> x, bool columns, double factor) {
  using Real = typename B::Real;
  const Pass<B> pass = pass_of(operation, outer, x);
  const auto [n, m] = x.value.shape;
  const auto y = pass.make(Shape<1>{columns ? m : n});
  B::for_each(columns ? m : n, StridedSums<Real>{x.value.data, columns ? 1 : m, columns ? m : 1, columns ? n : m,
                                                 factor, false, y.value.data});
  const StretchedPlace place{m, columns ? 0 : 1, columns ? 1 : 0};
  pass.record([=, size = x.value.size()] {
    if (x.grad) B::for_each(size, AddStretched<Real, StretchedPlace>{y.grad.data, place, factor, x.grad.data});
  });
  return y;
}

/// 1 / n. **Errors.** ShapeError if n is 0.
template <std::size_t Rank>
double share(const char* operation, const Shape<Rank>& shape, Index n) {
  require_shape(n > 0, operation, "x", shape, "the number of summands", Shape<1>{n}, "a mean needs at least one");
  return 1 / static_cast<double>(n);
}

}  // namespace detail

/// @brief The sum of all elements. **Shapes.** any; returns a scalar.  **Gradient.** to x.
template <std::size_t Rank, class B>
Scalar<B> sum(const Pass<B>& pass, Variable<Rank, B> x) {
  return detail::scaled_sum("sum", pass, x, 1);
}

/// @brief The mean of all elements; for a vector see arithmetic.hpp.
///
/// **Shapes.** any, not empty; returns a scalar.  **Errors.** ShapeError.  **Gradient.** to x.
template <std::size_t Rank, class B>
  requires(Rank != 1)
Scalar<B> mean(const Pass<B>& pass, Variable<Rank, B> x) {
  return detail::scaled_sum("mean", pass, x, detail::share("mean", x.value.shape, x.value.size()));
}

/// @brief The sum of each row. **Shapes.** x [n,m]; returns [n].  **Gradient.** to x.
template <class B>
Variable<1, B> row_sums(const Pass<B>& pass, Variable<2, B> x) {
  return detail::scaled_sums("row_sums", pass, x, false, 1);
}

/// @brief The sum of each column. **Shapes.** x [n,m]; returns [m].  **Gradient.** to x.
template <class B>
Variable<1, B> column_sums(const Pass<B>& pass, Variable<2, B> x) {
  return detail::scaled_sums("column_sums", pass, x, true, 1);
}

/// @brief The mean of each row. **Shapes.** x [n,m], m > 0; returns [n].  **Errors.** ShapeError.  **Gradient.** to x.
template <class B>
Variable<1, B> row_means(const Pass<B>& pass, Variable<2, B> x) {
  return detail::scaled_sums("row_means", pass, x, false, detail::share("row_means", x.value.shape, x.value.shape[1]));
}

/// @brief The mean of each column. **Shapes.** x [n,m], n > 0; returns [m].  **Errors.** ShapeError.
/// **Gradient.** to x.
template <class B>
Variable<1, B> column_means(const Pass<B>& pass, Variable<2, B> x) {
  return detail::scaled_sums("column_means", pass, x, true,
                             detail::share("column_means", x.value.shape, x.value.shape[0]));
}

/// @brief The Euclidean norm of all elements; row_lengths() has that of each row.
///
/// **Shapes.** any; returns a scalar.  **Gradient.** to x; 0 if all elements are 0.
template <std::size_t Rank, class B>
Scalar<B> norm(const Pass<B>& outer, Variable<Rank, B> x) {
  const Pass<B> pass = detail::pass_of("norm", outer, x);
  const Index n = x.value.size();
  const auto y = pass.make(Shape<0>{});
  B::row_lengths(1, n, x.value.data, y.value.data);
  pass.record([=] {
    if (x.grad) B::row_lengths_backward(1, n, x.value.data, y.value.data, y.grad.data, x.grad.data);
  });
  return y;
}

}  // namespace ctp
