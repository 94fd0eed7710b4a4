/// @file   ctp/autograd/select.hpp
/// @brief  Parts of values: concat, gather, one element of each row, the diagonal, the best column of each row.
/// @layer  autograd
#pragma once

#include <array>
#include <cstdint>

#include <ctp/autograd/rows.hpp>
#include <ctp/autograd/views.hpp>

namespace ctp {

/// @brief The rows of all arguments, one below the other; for vectors their elements.
///
/// **Shapes.** [n,d], [m,d] and so on; returns [n+m+...,d]. Vectors: [n], [m]; returns [n+m].  **Errors.** ShapeError.
/// **Gradient.** to each argument that has one; an argument may occur more than once.
template <std::size_t Rank, class B, class... More>
Variable<Rank, B> concat(const Pass<B>& outer, Variable<Rank, B> first, More... more) {
  static_assert(Rank == 1 || Rank == 2, "[ctp.autograd.concat] concat() joins vectors, or the rows of matrices");
  const std::array<Variable<Rank, B>, 1 + sizeof...(More)> parts{first, more...};
  const Pass<B> pass = detail::pass_of("concat", outer, first, more...);
  Shape<Rank> shape = first.value.shape;
  shape[0] = 0;
  for (const auto& x : parts) {
    require_shape(Rank == 1 || x.value.shape[Rank - 1] == shape[Rank - 1], "concat", "the first argument",
                  first.value.shape, "another argument", x.value.shape, "rows must be equally wide");
    shape[0] += x.value.shape[0];
  }
  const auto y = pass.make(shape);
  Index at = 0;
  for (const auto& x : parts) {
    B::copy(x.value.data, x.value.size(), y.value.data + at);
    at += x.value.size();
  }
  pass.record([=] {
    Index from = 0;
    for (const auto& x : parts) {
      if (x.grad) B::add_scaled(x.value.size(), typename B::Real(1), y.grad.data + from, x.grad.data);
      from += x.value.size();
    }
  });
  return y;
}

/// @brief Rows by number, or elements of a vector by number: y[i] = x[index[i]].
///
/// **Shapes.** x [*,d] or [*], index [n]; returns [n,d] or [n]. The caller must check that numbers are within x.
/// **Gradient.** to x; the gradients of a repeated row are added in the order of i.
template <std::size_t Rank, class B>
Variable<Rank, B> gather(const Pass<B>& outer, Variable<Rank, B> x, Input<std::int32_t, 1, B> index) {
  static_assert(Rank == 1 || Rank == 2, "[ctp.autograd.gather] gather() takes a vector, or the rows of a matrix");
  const Pass<B> pass = detail::pass_of("gather", outer, x);
  if constexpr (Rank == 2)
    return gather_rows(pass, x, index);
  else if constexpr (Rank == 1)
    return detail::reshaped(gather_rows(pass, as_column(x), index), Shape<1>{index.shape[0]});
}

namespace detail {

/// y[i] = x[i,index[i]].
template <class Real>
struct Pick {
  Index m;
  const Real* x;
  const std::int32_t* index;
  Real* y;
  CTP_HD void operator()(Index i) const { y[i] = x[i * m + index[i]]; }
};
/// dx[i,index[i]] += dy[i].
template <class Real>
struct PickBackward {
  Index m;
  const Real* dy;
  const std::int32_t* index;
  Real* dx;
  CTP_HD void operator()(Index i) const { dx[i * m + index[i]] += dy[i]; }
};
/// best[i] = the first column of the largest number of row i.
template <class Real>
struct RowArgmax {
  Index m;
  const Real* x;
  std::int32_t* best;
  CTP_HD void operator()(Index i) const {
    const Real* const row = x + i * m;
    Index top = 0;
    for (Index j = 1; j < m; ++j) top = row[j] > row[top] ? j : top;
    best[i] = static_cast<std::int32_t>(top);
  }
};

/// Memory for `n` row or column numbers, as long-lived as a value without gradient.
template <class B>
Tensor<std::int32_t, 1, B> numbers(const Pass<B>& pass, Index n) {
  return pass.tape->template make<std::int32_t>(Shape<1>{n}, pass.differentiates() ? 0 : pass.level);
}

}  // namespace detail

/// @brief One element of each row: y[i] = x[i,index[i]].
///
/// **Shapes.** x [n,m], index [n] in [0,m), which the caller must check; returns [n].  **Errors.** ShapeError.
/// **Gradient.** to x.
template <class B>
Variable<1, B> pick(const Pass<B>& outer, Variable<2, B> x, Input<std::int32_t, 1, B> index) {
  using Real = typename B::Real;
  const Index n = x.value.shape[0], m = x.value.shape[1];
  require_shape(index.shape[0] == n, "pick", "x", x.value.shape, "index", index.shape, "each row has one number");
  const Pass<B> pass = detail::pass_of("pick", outer, x);
  const auto y = pass.make(Shape<1>{n});
  B::for_each(n, detail::Pick<Real>{m, x.value.data, index.data, y.value.data});
  pass.record([=] {
    if (x.grad) B::for_each(n, detail::PickBackward<Real>{m, y.grad.data, index.data, x.grad.data});
  });
  return y;
}

/// @brief The numbers 0, 1, ..., n - 1. **Shapes.** returns [n].
template <class B>
Tensor<std::int32_t, 1, B> row_numbers(const Pass<B>& pass, Index n) {
  const auto number = detail::numbers(pass, n);
  B::ramp(n, 0, number.data);
  return number;
}

/// @brief The diagonal y[i] = x[i,i]: the scores of matching pairs.
///
/// **Shapes.** x [n,n]; returns [n].  **Errors.** ShapeError.  **Gradient.** to x.
template <class B>
Variable<1, B> diagonal(const Pass<B>& pass, Variable<2, B> x) {
  const Index n = x.value.shape[0];
  require_shape(x.value.shape[1] == n, "diagonal", "x", x.value.shape, "square", Shape<2>{n, n},
                "only a square matrix has a diagonal");
  return pick(pass, x, row_numbers(pass, n));
}

/// @brief The column of the largest number of each row; of equal numbers the first.
///
/// **Shapes.** x [n,m], m > 0; returns [n].  **Errors.** ShapeError.
template <class B>
Tensor<std::int32_t, 1, B> row_argmax(const Pass<B>& pass, Variable<2, B> x) {
  using Real = typename B::Real;
  const Index n = x.value.shape[0], m = x.value.shape[1];
  require_shape(m > 0, "row_argmax", "x", x.value.shape, "columns", Shape<1>{m}, "a row needs at least one number");
  const auto best = detail::numbers(pass, n);
  B::for_each(n, detail::RowArgmax<Real>{m, x.value.data, best.data});
  return best;
}

}  // namespace ctp
