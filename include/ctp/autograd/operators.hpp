/// @file   ctp/autograd/operators.hpp
/// @brief  Operators + - * / between values, and between a value and a number; elementwise, with broadcasting.
/// @layer  autograd
#pragma once

#include <ctp/autograd/broadcast.hpp>
#include <ctp/autograd/elementwise.hpp>

namespace ctp {

namespace detail {

struct Plus {
  template <class Real>
  CTP_HD Real value(Real a, Real b) const {
    return a + b;
  }
  template <class Real>
  CTP_HD Real slope_a(Real /*a*/, Real /*b*/) const {
    return Real(1);
  }
  template <class Real>
  CTP_HD Real slope_b(Real /*a*/, Real /*b*/) const {
    return Real(1);
  }
};
struct Minus {
  template <class Real>
  CTP_HD Real value(Real a, Real b) const {
    return a - b;
  }
  template <class Real>
  CTP_HD Real slope_a(Real /*a*/, Real /*b*/) const {
    return Real(1);
  }
  template <class Real>
  CTP_HD Real slope_b(Real /*a*/, Real /*b*/) const {
    return Real(-1);
  }
};
struct Times {
  template <class Real>
  CTP_HD Real value(Real a, Real b) const {
    return a * b;
  }
  template <class Real>
  CTP_HD Real slope_a(Real /*a*/, Real b) const {
    return b;
  }
  template <class Real>
  CTP_HD Real slope_b(Real a, Real /*b*/) const {
    return a;
  }
};
struct Over {
  template <class Real>
  CTP_HD Real value(Real a, Real b) const {
    return a / b;
  }
  template <class Real>
  CTP_HD Real slope_a(Real /*a*/, Real b) const {
    return Real(1) / b;
  }
  template <class Real>
  CTP_HD Real slope_b(Real a, Real b) const {
    return -a / b / b;
  }
};

/// factor * x + offset.
struct Affine {
  double factor, offset;
  template <class Real>
  CTP_HD Real value(Real x) const {
    return static_cast<Real>(factor) * x + static_cast<Real>(offset);
  }
  template <class Real>
  CTP_HD Real slope(Real /*x*/) const {
    return static_cast<Real>(factor);
  }
};
/// x / denominator. The product with 1 / denominator would have a second rounding.
struct OverNumber {
  double denominator;
  template <class Real>
  CTP_HD Real value(Real x) const {
    return x / static_cast<Real>(denominator);
  }
  template <class Real>
  CTP_HD Real slope(Real /*x*/) const {
    return Real(1) / static_cast<Real>(denominator);
  }
};
/// numerator / x.
struct Inverse {
  double numerator;
  template <class Real>
  CTP_HD Real value(Real x) const {
    return static_cast<Real>(numerator) / x;
  }
  template <class Real>
  CTP_HD Real slope(Real x) const {
    return -static_cast<Real>(numerator) / x / x;
  }
};

/// y[i] = f(a, b).
template <class Real, class F, class PlaceA, class PlaceB>
struct Combine {
  F f;
  const Real *a, *b;
  PlaceA at_a;
  PlaceB at_b;
  Real* y;
  CTP_HD void operator()(Index i) const { y[i] = f.value(a[at_a(i)], b[at_b(i)]); }
};
/// to[i] (+)= dy[i] * the slope of f by a, or by b.
template <class Real, class F, class PlaceA, class PlaceB, bool ByA>
struct CombineBackward {
  F f;
  const Real *a, *b;
  PlaceA at_a;
  PlaceB at_b;
  const Real* dy;
  bool adds;
  Real* to;
  CTP_HD void operator()(Index i) const {
    const Real x = a[at_a(i)], z = b[at_b(i)], slope = ByA ? f.slope_a(x, z) : f.slope_b(x, z);
    to[i] = dy[i] * slope + (adds ? to[i] : Real(0));
  }
};

/// combine() with the places of both operands. `Y`, `A`, `Z`: Variables.
template <class B, class F, class Y, class A, class Z, class PlaceA, class PlaceB>
void combine_at(const Pass<B>& pass, F f, Y y, A a, Z b, const Stretch& of_a, const Stretch& of_b, PlaceA at_a,
                PlaceB at_b) {
  using Real = typename B::Real;
  const Index n = y.value.size();
  B::for_each(n, Combine<Real, F, PlaceA, PlaceB>{f, a.value.data, b.value.data, at_a, at_b, y.value.data});
  const StretchedGradient<B> to_a(pass, of_a, a.grad.data), to_b(pass, of_b, b.grad.data);
  pass.record([=] {
    if (a.grad) {
      B::for_each(n, CombineBackward<Real, F, PlaceA, PlaceB, true>{f, a.value.data, b.value.data, at_a, at_b,
                                                                    y.grad.data, to_a.adds(), to_a.target()});
      to_a.collect();
    }
    if (b.grad) {
      B::for_each(n, CombineBackward<Real, F, PlaceA, PlaceB, false>{f, a.value.data, b.value.data, at_a, at_b,
                                                                     y.grad.data, to_b.adds(), to_b.target()});
      to_b.collect();
    }
  });
}

/// y = f(a, b), elementwise, with broadcasting.
template <class F, std::size_t RankA, std::size_t RankB, class B>
auto combine(const char* operation, F f, Variable<RankA, B> a, Variable<RankB, B> b) {
  const auto shape = broadcast_shape(operation, "a", a.value.shape, "b", b.value.shape);
  const Pass<B> pass = operator_pass(operation, a, b);
  const auto y = pass.make(shape);
  const Extents all = extents_of(shape);
  const Stretch of_a{extents_of(a.value.shape), all}, of_b{extents_of(b.value.shape), all};
  if (of_a.flat() && of_b.flat())
    combine_at(pass, f, y, a, b, of_a, of_b, of_a.flat_place(), of_b.flat_place());
  else
    combine_at(pass, f, y, a, b, of_a, of_b, of_a.place(), of_b.place());
  return y;
}

/// y = f(x), elementwise, with the pass that x knows.
template <class F, std::size_t Rank, class B>
Variable<Rank, B> apply(const char* operation, Variable<Rank, B> x, F f) {
  return map(operator_pass(operation, x), x, f);
}

}  // namespace detail

/// @brief Elementwise sum a + b.
///
/// **Shapes.** equal; or one is a Scalar; or, in vectors and matrices, an extent of 1 stretches to the other's extent.
/// Returns the stretched shape.  **Errors.** ShapeError; UsageError if neither operand lies on a tape.
/// **Gradient.** to each operand that has one; if none has, the result has none.
template <std::size_t RankA, std::size_t RankB, class B>
auto operator+(Variable<RankA, B> a, Variable<RankB, B> b) {
  return detail::combine("operator +", detail::Plus{}, a, b);
}
/// @brief Elementwise difference a - b. **Shapes, errors and gradient.** as operator +.
template <std::size_t RankA, std::size_t RankB, class B>
auto operator-(Variable<RankA, B> a, Variable<RankB, B> b) {
  return detail::combine("operator -", detail::Minus{}, a, b);
}
/// @brief Elementwise product a * b; matmul() is the matrix product. **Shapes, errors and gradient.** as operator +.
template <std::size_t RankA, std::size_t RankB, class B>
auto operator*(Variable<RankA, B> a, Variable<RankB, B> b) {
  return detail::combine("operator *", detail::Times{}, a, b);
}
/// @brief Elementwise quotient a / b. **Shapes, errors and gradient.** as operator +.
template <std::size_t RankA, std::size_t RankB, class B>
auto operator/(Variable<RankA, B> a, Variable<RankB, B> b) {
  return detail::combine("operator /", detail::Over{}, a, b);
}

/// @brief Sums, differences, multiples and quotients of a value and a number.
///
/// **Shapes.** any; returns the same.  **Errors.** UsageError if x lies on no tape.  **Gradient.** to x, if x has one.
template <std::size_t Rank, class B>
Variable<Rank, B> operator+(Variable<Rank, B> x, double number) {
  return detail::apply("operator +", x, detail::Affine{1, number});
}
template <std::size_t Rank, class B>
Variable<Rank, B> operator+(double number, Variable<Rank, B> x) {
  return x + number;
}
template <std::size_t Rank, class B>
Variable<Rank, B> operator-(Variable<Rank, B> x, double number) {
  return detail::apply("operator -", x, detail::Affine{1, -number});
}
template <std::size_t Rank, class B>
Variable<Rank, B> operator-(double number, Variable<Rank, B> x) {
  return detail::apply("operator -", x, detail::Affine{-1, number});
}
template <std::size_t Rank, class B>
Variable<Rank, B> operator-(Variable<Rank, B> x) {
  return detail::apply("operator -", x, detail::Affine{-1, 0});
}
template <std::size_t Rank, class B>
Variable<Rank, B> operator*(Variable<Rank, B> x, double number) {
  return detail::apply("operator *", x, detail::Affine{number, 0});
}
template <std::size_t Rank, class B>
Variable<Rank, B> operator*(double number, Variable<Rank, B> x) {
  return x * number;
}
template <std::size_t Rank, class B>
Variable<Rank, B> operator/(Variable<Rank, B> x, double number) {
  return detail::apply("operator /", x, detail::OverNumber{number});
}
template <std::size_t Rank, class B>
Variable<Rank, B> operator/(double number, Variable<Rank, B> x) {
  return detail::apply("operator /", x, detail::Inverse{number});
}

}  // namespace ctp
