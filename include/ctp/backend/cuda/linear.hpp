/// @file   ctp/backend/cuda/linear.hpp
/// @brief  Affine maps and score products, built on the runtime's matrix product.
/// @layer  backend - may include: core
#pragma once

#include <ctp/backend/cuda/column_sums.hpp>
#include <ctp/core/functional.hpp>

namespace ctp::backend::cuda {

/// @brief d = alpha op(a) op(b) + beta c + bias.
///
/// **Shapes.** op(a) [m,k], op(b) [k,n], c and d [m,n] without gaps; bias [n] or null; all row-major, rows of a and b
/// `lda` and `ldb` apart. c may be d; it is not read where beta is 0.
template <class Real>
struct MatrixProduct {
  bool transpose_a = false, transpose_b = false;
  Index m = 0, n = 0, k = 0;
  Real alpha = 1;
  const Real* a = nullptr;
  Index lda = 0;
  const Real* b = nullptr;
  Index ldb = 0;
  Real beta = 0;
  const Real* c = nullptr;
  Real* d = nullptr;
  const Real* bias = nullptr;
};

namespace kernel {

/// y = gelu(x), in the erf form; cuBLASLt's own epilogue has the tanh form.
template <class Real>
struct Gelu {
  const Real* x;
  Real* y;
  CTP_HD void operator()(Index i) const { y[i] = fn::gelu(x[i]); }
};

template <class Real>
struct GeluBackward {
  const Real* x;
  Real* gradient;
  CTP_HD void operator()(Index i) const { gradient[i] *= fn::gelu_slope(x[i]); }
};

}  // namespace kernel

/// As generic::Linear, where what each operation computes is written.
template <class Runtime, class Real>
struct Linear {
  static void product(bool transpose_a, bool transpose_b, Index m, Index n, Index k, Real alpha, const Real* a,
                      Index lda, const Real* b, Index ldb, bool accumulate, Real* c) {
    if (m == 0 || n == 0) return;
    MatrixProduct<Real> p{transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb};
    p.beta = accumulate ? Real(1) : Real(0);
    p.c = p.d = c;
    Runtime::matrix_product(p);
  }
  static void linear(Index n, Index k, Index m, const Real* x, const Real* w, const Real* bias, const Real* residual,
                     Real* y, Real* activated) {
    if (n == 0 || m == 0) return;
    MatrixProduct<Real> p{false, true, n, m, k, Real(1), x, k, w, k};
    p.beta = residual == nullptr ? Real(0) : Real(1);
    p.c = residual == nullptr ? y : residual;
    p.d = y;
    p.bias = bias;
    Runtime::matrix_product(p);
    if (activated != nullptr) launch_each<Runtime>(n * m, kernel::Gelu<Real>{y, activated});
  }
  static void linear_backward(Index n, Index k, Index m, const Real* x, const Real* w, const Real* dy, Real* dx,
                              Real* dw, Real* dbias) {
    if (dx != nullptr) product(false, false, n, k, m, Real(1), dy, m, w, k, true, dx);
    if (dw != nullptr) product(true, false, m, k, n, Real(1), dy, m, x, k, true, dw);
    if (dbias != nullptr) add_column_sums<Runtime>(n, m, kernel::Element<Real>{m, dy}, dbias);
  }
  static void gelu_backward(Index count, const Real* x, Real* gradient) {
    launch_each<Runtime>(count, kernel::GeluBackward<Real>{x, gradient});
  }
};

}  // namespace ctp::backend::cuda
