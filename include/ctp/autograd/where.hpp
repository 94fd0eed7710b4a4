/// @file   ctp/autograd/where.hpp
/// @brief  Masks by comparison, and the choice between two values by a mask.
/// @layer  autograd
///
/// A mask is a value without gradient: 1 where the comparison holds, else 0.
#pragma once

#include <cstdint>

#include <ctp/autograd/broadcast.hpp>

namespace ctp {

namespace detail {

/// y[i] = 1 if a > b, or with `or_equal` a >= b; else 0.
template <class Real>
struct Greater {
  const Real *a, *b;
  StretchedPlace at_a, at_b;
  bool or_equal;
  Real* y;
  CTP_HD void operator()(Index i) const {
    const Real x = a[at_a(i)], z = b[at_b(i)];
    y[i] = x > z || (or_equal && x == z) ? Real(1) : Real(0);
  }
};
/// y[i] = 1 if a[i] == b[i], else 0.
template <class Real>
struct Equal {
  const std::int32_t *a, *b;
  Real* y;
  CTP_HD void operator()(Index i) const { y[i] = a[i] == b[i] ? Real(1) : Real(0); }
};
/// y[i] = a where the mask is not 0, else b.
template <class Real>
struct Where {
  const Real *mask, *a, *b;
  StretchedPlace at_mask, at_a, at_b;
  Real* y;
  CTP_HD void operator()(Index i) const { y[i] = mask[at_mask(i)] != Real(0) ? a[at_a(i)] : b[at_b(i)]; }
};
/// to[i] (+)= dy[i] where the mask is not 0, or with `other` where the mask is 0; elsewhere (+)= 0.
template <class Real>
struct WhereBackward {
  const Real* mask;
  StretchedPlace at_mask;
  bool other;
  const Real* dy;
  bool adds;
  Real* to;
  CTP_HD void operator()(Index i) const {
    const Real slope = (mask[at_mask(i)] != Real(0)) != other ? dy[i] : Real(0);
    to[i] = slope + (adds ? to[i] : Real(0));
  }
};

template <std::size_t RankA, std::size_t RankB, class B>
auto greater(const char* operation, const Pass<B>& outer, Variable<RankA, B> a, Variable<RankB, B> b, bool or_equal) {
  using Real = typename B::Real;
  const auto shape = broadcast_shape(operation, "a", a.value.shape, "b", b.value.shape);
  const auto y = pass_of<B>(operation, outer).make(shape);
  const Extents all = extents_of(shape);
  B::for_each(all.size(), Greater<Real>{a.value.data, b.value.data, Stretch{extents_of(a.value.shape), all}.place(),
                                        Stretch{extents_of(b.value.shape), all}.place(), or_equal, y.value.data});
  return y;
}

}  // namespace detail

/// @brief Mask: 1 where a > b, else 0.
///
/// **Shapes.** as operator +.  **Errors.** ShapeError.  **Gradient.** none.
template <std::size_t RankA, std::size_t RankB, class B>
auto greater(const Pass<B>& pass, Variable<RankA, B> a, Variable<RankB, B> b) {
  return detail::greater("greater", pass, a, b, false);
}

/// @brief Mask: 1 where a >= b, else 0.
///
/// **Shapes.** as operator +.  **Errors.** ShapeError.  **Gradient.** none.
template <std::size_t RankA, std::size_t RankB, class B>
auto at_least(const Pass<B>& pass, Variable<RankA, B> a, Variable<RankB, B> b) {
  return detail::greater("at_least", pass, a, b, true);
}

/// @brief Mask: 1 where two lists of numbers agree, such as row_argmax() and row_numbers(); else 0.
///
/// **Shapes.** a, b [n]; returns [n].  **Errors.** ShapeError.  **Gradient.** none.
template <class B>
Variable<1, B> equal(const Pass<B>& outer, Input<std::int32_t, 1, B> a, Input<std::int32_t, 1, B> b) {
  using Real = typename B::Real;
  require_shape(a.shape == b.shape, "equal", "a", a.shape, "b", b.shape, "each number has one to compare with");
  const auto y = detail::pass_of<B>("equal", outer).make(a.shape);
  B::for_each(a.size(), detail::Equal<Real>{a.data, b.data, y.value.data});
  return y;
}

/// @brief Choice: a where the mask is not 0, else b. An element that is not chosen has no influence on the result, even
/// if NaN.
///
/// **Shapes.** mask, a and b broadcast as in operator +; returns the common shape.  **Errors.** ShapeError.
/// **Gradient.** to a and b, exactly 0 where not chosen; none to the mask. An operation of infinite slope before a or b
/// makes NaN of that 0, as x / z with z = 0 does (0 * inf): choose its operand first, as in
/// x / where(pass, mask, z, one).
template <std::size_t RankM, std::size_t RankA, std::size_t RankB, class B>
auto where(const Pass<B>& outer, Variable<RankM, B> mask, Variable<RankA, B> a, Variable<RankB, B> b) {
  using Real = typename B::Real;
  const auto values = detail::broadcast_shape("where", "a", a.value.shape, "b", b.value.shape);
  const auto shape = detail::broadcast_shape("where", "mask", mask.value.shape, "a or b", values);
  const Pass<B> pass = detail::pass_of("where", outer, a, b);
  const auto y = pass.make(shape);
  const detail::Extents all = detail::extents_of(shape);
  const detail::Stretch of_a{detail::extents_of(a.value.shape), all}, of_b{detail::extents_of(b.value.shape), all};
  const auto at_mask = detail::Stretch{detail::extents_of(mask.value.shape), all}.place();
  B::for_each(all.size(), detail::Where<Real>{mask.value.data, a.value.data, b.value.data, at_mask, of_a.place(),
                                              of_b.place(), y.value.data});
  const detail::StretchedGradient<B> to_a(pass, of_a, a.grad.data), to_b(pass, of_b, b.grad.data);
  pass.record([=, chosen = mask.value.data] {
    const auto flow = [&](const detail::StretchedGradient<B>& to, bool other) {
      if (to.grad == nullptr) return;
      B::for_each(all.size(), detail::WhereBackward<Real>{chosen, at_mask, other, y.grad.data, to.adds(), to.target()});
      to.collect();
    };
    flow(to_a, false);
    flow(to_b, true);
  });
  return y;
}

}  // namespace ctp
