/// @file   ctp/autograd/elementwise.hpp
/// @brief  map(): an elementwise function with its slope, and the functions that come with the library.
/// @layer  autograd
#pragma once

#include <cmath>
#include <concepts>
#include <limits>
#include <type_traits>

#include <ctp/autograd/pass.hpp>
#include <ctp/core/functional.hpp>

namespace ctp {

/// @brief An elementwise function: a small struct with `template <class Real> CTP_HD Real value(Real x) const` and
/// `slope(Real x) const`, the derivative. Its members are copied to the backend.
template <class F>
concept ElementwiseFunction =
    std::is_trivially_copyable_v<F> && std::is_trivially_destructible_v<F> && requires(const F& f, float x, double z) {
      { f.value(x) } -> std::same_as<float>;
      { f.slope(x) } -> std::same_as<float>;
      { f.value(z) } -> std::same_as<double>;
      { f.slope(z) } -> std::same_as<double>;
    };

namespace detail {
/// y[i] = f(x[i]).
template <class Real, class F>
struct Map {
  F f;
  const Real* x;
  Real* y;
  CTP_HD void operator()(Index i) const { y[i] = f.value(x[i]); }
};
/// dx[i] += dy[i] f'(x[i]).
template <class Real, class F>
struct MapBackward {
  F f;
  const Real *x, *dy;
  Real* dx;
  CTP_HD void operator()(Index i) const { dx[i] += dy[i] * f.slope(x[i]); }
};
}  // namespace detail

/// @brief Elementwise function y[i] = f(x[i]).
///
/// **Shapes.** any; returns the same.  **Errors.** UsageError if x has a gradient and `pass` records none.
/// **Gradient.** to x: dy[i] f.slope(x[i]).
template <std::size_t Rank, class B, class F>
Variable<Rank, B> map(const Pass<B>& outer, Variable<Rank, B> x, F f) {
  static_assert(ElementwiseFunction<F>,
                "[ctp.autograd.map] the function of map() is a small struct of numbers with `template <class Real> "
                "CTP_HD Real value(Real x) const` and `template <class Real> CTP_HD Real slope(Real x) const`");
  using Real = typename B::Real;
  const Pass<B> pass = detail::pass_of("map", outer, x);
  const Index n = x.value.size();
  const auto y = pass.make(x.value.shape);
  B::for_each(n, detail::Map<Real, F>{f, x.value.data, y.value.data});
  pass.record([=] {
    if (x.grad) B::for_each(n, detail::MapBackward<Real, F>{f, x.value.data, y.grad.data, x.grad.data});
  });
  return y;
}

namespace detail {
template <class Real>
inline constexpr Real smallest_normal = std::numeric_limits<Real>::min();
}

/// Functions for map().
namespace elementwise {

/// e^x. In single precision 0 below -87.3, and about 3.3e38 above 88.7.
struct Exp {
  template <class Real>
  CTP_HD Real value(Real x) const {
    return fn::exp(x);
  }
  template <class Real>
  CTP_HD Real slope(Real x) const {
    return fn::exp(x);
  }
};

/// log x. From 0 to the smallest normal number t of the precision, value and slope are those at t, so that 0 * log(0)
/// is 0. NaN for x < 0. For the logarithm of a probability, take log_softmax() or -Softplus.
struct Log {
  template <class Real>
  CTP_HD Real value(Real x) const {
    return std::log(inside(x));
  }
  template <class Real>
  CTP_HD Real slope(Real x) const {
    const Real in = inside(x);
    return in < Real(0) ? std::log(in) : Real(1) / in;
  }

 private:
  template <class Real>
  CTP_HD static Real inside(Real x) {
    const Real least = detail::smallest_normal<Real>;
    return x >= Real(0) && x < least ? least : x;
  }
};

/// The square root of x. The slope at 0 is 0, not infinity. NaN for x < 0.
struct Sqrt {
  template <class Real>
  CTP_HD Real value(Real x) const {
    return std::sqrt(x);
  }
  template <class Real>
  CTP_HD Real slope(Real x) const {
    return x == Real(0) ? Real(0) : Real(0.5) / std::sqrt(x);
  }
};

/// log(1 + e^x), without overflow; softplus(-x) = -log sigmoid(x).
struct Softplus {
  template <class Real>
  CTP_HD Real value(Real x) const {
    return fn::softplus(x);
  }
  template <class Real>
  CTP_HD Real slope(Real x) const {
    return fn::sigmoid(x);
  }
};

/// 1 / (1 + e^-x).
struct Sigmoid {
  template <class Real>
  CTP_HD Real value(Real x) const {
    return fn::sigmoid(x);
  }
  template <class Real>
  CTP_HD Real slope(Real x) const {
    return fn::sigmoid_slope(x);
  }
};

/// The hyperbolic tangent.
struct Tanh {
  template <class Real>
  CTP_HD Real value(Real x) const {
    return std::tanh(x);
  }
  template <class Real>
  CTP_HD Real slope(Real x) const {
    return Real(4) * fn::sigmoid_slope(x + x);
  }
};

/// x^2 / 2 for |x| <= delta, else delta (|x| - delta / 2).
struct Huber {
  double delta = 1;
  template <class Real>
  CTP_HD Real value(Real x) const {
    const Real d = static_cast<Real>(delta), size = x < Real(0) ? -x : x;
    return size <= d ? Real(0.5) * x * x : d * (size - Real(0.5) * d);
  }
  template <class Real>
  CTP_HD Real slope(Real x) const {
    const Real d = static_cast<Real>(delta);
    return x < -d ? -d : (x > d ? d : x);
  }
};

/// x, but at least `least` and at most `most`. The slope is 1 from `least` to `most`, else 0.
struct Clamp {
  double least = -std::numeric_limits<double>::infinity(), most = std::numeric_limits<double>::infinity();
  template <class Real>
  CTP_HD Real value(Real x) const {
    const Real low = static_cast<Real>(least), high = static_cast<Real>(most);
    return x < low ? low : (x > high ? high : x);
  }
  template <class Real>
  CTP_HD Real slope(Real x) const {
    return x < static_cast<Real>(least) || x > static_cast<Real>(most) ? Real(0) : Real(1);
  }
};

}  // namespace elementwise

}  // namespace ctp
