/// @file   ctp/autograd/views.hpp
/// @brief  Views of values without a copy: a vector as a row or a column, a value without gradient; constants.
/// @layer  autograd
#pragma once

#include <ctp/autograd/pass.hpp>

namespace ctp {

namespace detail {
template <std::size_t To, std::size_t From, class B>
Variable<To, B> reshaped(const Variable<From, B>& x, const Shape<To>& shape) {
  Variable<To, B> y{x.value.reshaped(shape), {}, x.tape, x.level};
  if (x.grad) y.grad = x.grad.reshaped(shape);
  return y;
}
}  // namespace detail

/// @brief The vector as a matrix of one row; broadcasts over the rows of a matrix.
///
/// **Shapes.** v [n]; returns [1,n], a view.  **Gradient.** that of v.
template <class B>
Variable<2, B> as_row(Variable<1, B> v) {
  return detail::reshaped(v, Shape<2>{1, v.value.shape[0]});
}

/// @brief The vector as a matrix of one column; broadcasts over the columns of a matrix.
///
/// **Shapes.** v [n]; returns [n,1], a view.  **Gradient.** that of v.
template <class B>
Variable<2, B> as_column(Variable<1, B> v) {
  return detail::reshaped(v, Shape<2>{v.value.shape[0], 1});
}

/// @brief The same numbers as a constant: nothing flows back through the result.
///
/// **Shapes.** any; returns the same, a view.  **Gradient.** none.
template <std::size_t Rank, class B>
Variable<Rank, B> stop_gradient(Variable<Rank, B> x) {
  // The numbers of a value with gradient lie in the memory of the whole step, whatever level the gradient has.
  return {x.value, {}, x.tape, x.grad ? 0 : x.level};
}

/// @brief A number as a value, for operations that take values only, such as where().
///
/// **Shapes.** returns a scalar.  **Gradient.** none.
template <class B>
Scalar<B> constant(const Pass<B>& pass, double number) {
  using Real = typename B::Real;
  const auto y = detail::pass_of<B>("constant", pass).make(Shape<0>{});
  B::fill(1, static_cast<Real>(number), y.value.data);
  return y;
}

}  // namespace ctp
