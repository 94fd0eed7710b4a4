/// @file   ctp/autograd/matrix.hpp
/// @brief  Matrix product, transpose, and softmax of each row.
/// @layer  autograd
#pragma once

#include <cstdint>

#include <ctp/autograd/broadcast.hpp>
#include <ctp/autograd/rows.hpp>
#include <ctp/core/functional.hpp>

namespace ctp {

/// @brief Matrix product a b; scores() has a b^T.
///
/// **Shapes.** a [n,k], b [k,m]; returns [n,m].  **Errors.** ShapeError.
/// **Gradient.** to a and b, if they have gradients; a and b may be the same.
template <class B>
Variable<2, B> matmul(const Pass<B>& outer, Variable<2, B> a, Variable<2, B> b) {
  using Real = typename B::Real;
  const Index n = a.value.shape[0], k = a.value.shape[1], m = b.value.shape[1];
  require_shape(b.value.shape[0] == k, "matmul", "a", a.value.shape, "b", b.value.shape,
                "the columns of a are the rows of b");
  const Pass<B> pass = detail::pass_of("matmul", outer, a, b);
  const auto y = pass.make(Shape<2>{n, m});
  B::product(false, false, n, m, k, Real(1), a.value.data, k, b.value.data, m, false, y.value.data);
  pass.record([=] {
    if (a.grad) B::product(false, true, n, k, m, Real(1), y.grad.data, m, b.value.data, m, true, a.grad.data);
    if (b.grad) B::product(true, false, k, m, n, Real(1), a.value.data, k, y.grad.data, m, true, b.grad.data);
  });
  return y;
}

/// @brief The transpose y[j,i] = x[i,j]. **Shapes.** x [n,m]; returns [m,n].  **Gradient.** to x.
template <class B>
Variable<2, B> transpose(const Pass<B>& outer, Variable<2, B> x) {
  return transpose_each(detail::pass_of("transpose", outer, x), x, 1);
}

namespace detail {

/// y = softmax(x), or with `logarithm` log softmax(x), given each row's log sum_j exp(x[i,j]).
template <class Real>
struct Softmax {
  Index m;
  bool logarithm;
  const Real *x, *log_sum;
  Real* y;
  CTP_HD void operator()(Index i) const {
    const Real log_p = x[i] - log_sum[i / m];
    y[i] = logarithm ? log_p : fn::exp(log_p);
  }
};
/// dx += p (dy - total), or with `logarithm` dy - p total; total[i] belongs to row i.
template <class Real>
struct SoftmaxBackward {
  Index m;
  bool logarithm;
  const Real *y, *dy, *total;
  Real* dx;
  CTP_HD void operator()(Index i) const {
    dx[i] += logarithm ? dy[i] - fn::exp(y[i]) * total[i / m] : y[i] * (dy[i] - total[i / m]);
  }
};

template <class B>
Variable<2, B> softmax(const char* operation, const Pass<B>& outer, Variable<2, B> x, bool logarithm) {
  using Real = typename B::Real;
  const Index n = x.value.shape[0], m = x.value.shape[1], size = n * m;
  require_shape(m > 0, operation, "x", x.value.shape, "columns", Shape<1>{m}, "a row needs at least one score");
  const Pass<B> pass = pass_of(operation, outer, x);
  const auto y = pass.make(x.value.shape);
  const auto log_sum = pass.scratch(Shape<1>{n}), loss = pass.scratch(Shape<1>{n});
  // The cross entropy with any class leaves the row's log sum of exponentials; its loss is not used.
  const auto any_class = pass.tape->template make<std::int32_t>(Shape<1>{n}, pass.differentiates() ? 0 : pass.level);
  B::zero(any_class.data, n);
  B::cross_entropy(n, m, x.value.data, any_class.data, log_sum.data, loss.data);
  B::for_each(size, Softmax<Real>{m, logarithm, x.value.data, log_sum.data, y.value.data});
  pass.record([=] {
    if (!x.grad) return;
    if (logarithm)
      B::for_each(n, StridedSums<Real>{y.grad.data, m, 1, m, 1, false, loss.data});
    else
      B::row_products(n, m, y.grad.data, y.value.data, loss.data);
    B::for_each(size, SoftmaxBackward<Real>{m, logarithm, y.value.data, y.grad.data, loss.data, x.grad.data});
  });
  return y;
}

}  // namespace detail

/// @brief Softmax of each row: y[i,j] = exp(x[i,j]) / sum_k exp(x[i,k]), without overflow.
///
/// **Shapes.** x [n,m], m > 0; returns [n,m].  **Errors.** ShapeError.  **Gradient.** to x.
template <class B>
Variable<2, B> softmax(const Pass<B>& pass, Variable<2, B> x) {
  return detail::softmax("softmax", pass, x, false);
}

/// @brief Logarithm of the softmax of each row: y[i,j] = x[i,j] - log sum_k exp(x[i,k]), finite for finite x.
///
/// **Shapes.** x [n,m], m > 0; returns [n,m].  **Units.** nats.  **Errors.** ShapeError.  **Gradient.** to x.
template <class B>
Variable<2, B> log_softmax(const Pass<B>& pass, Variable<2, B> x) {
  return detail::softmax("log_softmax", pass, x, true);
}

}  // namespace ctp
