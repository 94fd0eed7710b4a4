/// @file   ctp/autograd/broadcast.hpp
/// @brief  Broadcasting: places of stretched operands, and sums that undo a stretch in the backward pass.
/// @layer  autograd
#pragma once

#include <ctp/autograd/pass.hpp>

namespace ctp::detail {

/// The rows and columns of a value, as broadcasting sees the value. A vector is one row.
struct Extents {
  Index rows, columns;
  [[nodiscard]] Index size() const { return rows * columns; }
};
template <std::size_t Rank>
Extents extents_of(const Shape<Rank>& shape) {
  if constexpr (Rank == 2) return {shape[0], shape[1]};
  return {1, count(shape)};
}

/// @brief Shape of an elementwise result of operands that broadcast as in numpy: a Scalar stretches to any shape, and
/// in vectors and matrices an extent of 1 stretches.
///
/// **Errors.** ShapeError if extents differ and none is 1. Operands of other ranks do not compile.
template <std::size_t RankA, std::size_t RankB>
auto broadcast_shape(const char* operation, const char* a, const Shape<RankA>& a_is, const char* b,
                     const Shape<RankB>& b_is) {
  static_assert(RankA == RankB || RankA == 0 || RankB == 0,
                "[ctp.autograd.rank] operands have the same rank, or one is a Scalar; as_row(v) or as_column(v) makes "
                "a vector a matrix");
  if constexpr (RankA == 0) {
    return b_is;
  } else if constexpr (RankB == 0) {
    return a_is;
  } else {
    Shape<RankA> result = a_is;
    bool fits = true;
    for (std::size_t i = 0; i < RankA; ++i) {
      fits = fits && (a_is[i] == b_is[i] || (RankA <= 2 && (a_is[i] == 1 || b_is[i] == 1)));
      if (a_is[i] == 1) result[i] = b_is[i];
    }
    require_shape(fits, operation, a, a_is, b, b_is, "extents must be equal, or one of the two is 1");
    return result;
  }
}

/// Place of element i of a result in an operand that is as large as the result (step 1) or a single number (step 0).
struct FlatPlace {
  Index step;
  CTP_HD Index operator()(Index i) const { return i * step; }
};
/// Place of element i of a result with `columns` columns in an operand with a stretched row or column.
struct StretchedPlace {
  Index columns, row_step, column_step;
  CTP_HD Index operator()(Index i) const { return i / columns * row_step + i % columns * column_step; }
};

/// How an operand stretches to a result.
struct Stretch {
  Extents from, to;

  [[nodiscard]] bool none() const { return from.rows == to.rows && from.columns == to.columns; }
  [[nodiscard]] bool flat() const { return none() || from.size() == 1; }
  [[nodiscard]] FlatPlace flat_place() const { return {none() ? 1 : 0}; }
  [[nodiscard]] StretchedPlace place() const {
    return {to.columns, from.rows == to.rows ? from.columns : 0, from.columns == to.columns ? 1 : 0};
  }
};

/// y[i] (+)= factor * sum_j x[i * step + j * stride], j in [0, length), summed in double in the order of j.
template <class Real>
struct StridedSums {
  const Real* x;
  Index step, stride, length;
  double factor;
  bool accumulate;
  Real* y;

  CTP_HD void operator()(Index i) const {
    const Real* const from = x + i * step;
    double total = 0;
    for (Index j = 0; j < length; ++j) total += static_cast<double>(from[j * stride]);
    y[i] = static_cast<Real>(factor * total) + (accumulate ? y[i] : Real(0));
  }
};
/// y[i] = the sum of x[i], x[i + count], x[i + 2 count] and so on, in double.
template <class Real>
struct PartialSums {
  Index n, count;
  const Real* x;
  Real* y;

  CTP_HD void operator()(Index i) const {
    double total = 0;
    for (Index at = i; at < n; at += count) total += static_cast<double>(x[at]);
    y[i] = static_cast<Real>(total);
  }
};
inline constexpr Index most_partial_sums = 512;

/// Memory for the partial sums of sum_all() over `n` numbers; null if none is needed.
template <class B>
Tensor<typename B::Real, 1, B> partial_sums(const Pass<B>& pass, Index n) {
  return n > most_partial_sums ? pass.scratch(Shape<1>{most_partial_sums}) : Tensor<typename B::Real, 1, B>{};
}
/// y (+)= factor * the sum of x, in an order that depends on n only. **Shapes.** x [n], y [], partial: partial_sums().
template <class B, class Real>
void sum_all(Index n, const Real* x, double factor, bool accumulate, const Tensor<Real, 1, B>& partial, Real* y) {
  if (partial) {
    B::for_each(most_partial_sums, PartialSums<Real>{n, most_partial_sums, x, partial.data});
    x = partial.data;
    n = most_partial_sums;
  }
  B::for_each(1, StridedSums<Real>{x, 0, 1, n, factor, accumulate, y});
}

/// @brief Gradient of a stretched operand: sums the gradients of all elements that one element was stretched to.
///
/// Holds the memory for the gradients before the sum; made in the forward pass, used in a backward closure.
template <class B>
struct StretchedGradient {
  using Real = typename B::Real;

  Stretch stretch;
  Real* grad = nullptr;
  Tensor<Real, 1, B> all{}, partial{};

  /// `grad` null: the operand has no gradient, and needs no memory.
  StretchedGradient(const Pass<B>& pass, const Stretch& how, Real* to) : stretch(how), grad(to) {
    if (grad == nullptr || stretch.none()) return;
    all = pass.scratch(Shape<1>{stretch.to.size()});
    if (stretch.from.size() == 1) partial = partial_sums(pass, stretch.to.size());
  }
  /// Where the kernel writes the gradient of each element of the result, and whether the kernel adds.
  [[nodiscard]] Real* target() const { return stretch.none() ? grad : all.data; }
  [[nodiscard]] bool adds() const { return stretch.none(); }
  /// Adds the sums of target() to the operand's gradient.
  void collect() const {
    if (stretch.none()) return;
    const auto [rows, columns] = stretch.to;
    if (stretch.from.size() == 1)
      sum_all<B>(stretch.to.size(), all.data, 1, true, partial, grad);
    else if (stretch.from.rows == rows)
      B::for_each(rows, StridedSums<Real>{all.data, columns, 1, columns, 1, true, grad});
    else
      B::for_each(columns, StridedSums<Real>{all.data, 1, columns, rows, 1, true, grad});
  }
};

}  // namespace ctp::detail
