/// @file   ctp/backend/cuda/linear.hpp
/// @brief  Linear layers and matrix products, built on the runtime's matrix product.
/// @layer  backend
#pragma once

#include <cstddef>
#include <cstdint>

#include <ctp/backend/cuda/kernel/column_sums.hpp>
#include <ctp/backend/cuda/kernel/matrix_product.hpp>
#include <ctp/backend/cuda/kernel/packed.hpp>
#include <ctp/backend/cuda/kernel/wide_access.hpp>
#include <ctp/core/error.hpp>
#include <ctp/core/functional.hpp>

namespace ctp::backend::cuda {

namespace kernel {

/// y = gelu(x), in the erf form; cuBLASLt's own epilogue computes the tanh form.
template <class Real>
struct Gelu {
  const Real* x;
  Stored<Real> y;
  CTP_HD void operator()(Index i) const { y.set(i, fn::gelu(x[i])); }
};

/// Gelu of the four neighbours from 4 i on.
template <class Real>
struct GeluOfFour {
  const Real* x;
  Stored<Real> y;
  CTP_HD void operator()(Index i) const {
    auto four = read_wide<Quad<Real>>(x + 4 * i);
    CTP_UNROLL
    for (Real& one : four.x) one = fn::gelu(one);
    y.set_four(4 * i, four);
  }
};

/// Gradient of a product's result, in the form that the products of the backward pass read. If GELU followed the
/// product, `dy` is the gradient of GELU's output.
template <class Real>
struct ResultGradient {
  Index columns;
  const Real *before, *dy;  ///< `before`: input of GELU, or null
  Stored<Real> to;          ///< null if the products read dy itself

  struct Loaded {
    Real dy, before;
  };
  CTP_HD Loaded read(Index row, Index column) const { return read(row * columns + column); }
  CTP_HD Loaded read(Index i) const { return {dy[i], before == nullptr ? Real(0) : before[i]}; }
  /// Writes one element and returns it, for the column sums.
  CTP_HD Real use(const Loaded& loaded, Index row, Index column) const { return use(loaded, row * columns + column); }
  CTP_HD Real use(const Loaded& loaded, Index i) const {
    const Real g = before == nullptr ? loaded.dy : loaded.dy * fn::gelu_slope(loaded.before);
    if (to) to.set(i, g);
    return g;
  }
};

}  // namespace kernel

/// The operations of generic::LinearOps, which documents each of them.
template <class Runtime, class Real>
struct LinearOps {
  /// Operands are not rounded in any precision: a temperature multiplies the error of a similarity.
  static void product(bool transpose_a, bool transpose_b, Index m, Index n, Index k, Real alpha, const Real* a,
                      Index lda, const Real* b, Index ldb, bool accumulate, Real* c) {
    if (m == 0 || n == 0) return;
    MatrixProduct<Real> p{transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb};
    p.beta = accumulate ? Real(1) : Real(0);
    p.c = p.d = c;
    p.single = true;
    Runtime::matrix_product(p);
  }
  /// `In` and `Out`: Real or Packed.
  template <class In, class Out>
  static void linear(Index n, Index k, Index m, const In* x, const Real* w, const Real* bias, const Real* residual,
                     Real* y, Out* activated) {
    if (n == 0 || m == 0) return;
    MatrixProduct<Real> p{false, true, n, m, k, Real(1), x, k, w, k};
    p.beta = residual == nullptr ? Real(0) : Real(1);
    p.c = residual == nullptr ? y : residual;
    p.d = y;
    p.bias = bias;
    Runtime::matrix_product(p);
    if (activated != nullptr) gelu(n * m, y, stored<Runtime, Real>(activated));
  }
  template <class In>
  static void linear(Index n, Index k, Index m, const In* x, const Real* w, const Real* bias, const Real* residual,
                     Real* y, std::nullptr_t) {
    linear(n, k, m, x, w, bias, residual, y, static_cast<Real*>(nullptr));
  }
  /// The result as Packed.
  template <class In>
  static void linear(Index n, Index k, Index m, const In* x, const Real* w, const Real* bias, const Real* residual,
                     Packed* y, std::nullptr_t) {
    require(residual == nullptr, "linear", "a result that is stored Packed takes no residual");
    if (!Runtime::rounds_operands()) return linear(n, k, m, x, w, bias, residual, reinterpret_cast<Real*>(y), nullptr);
    if (n == 0 || m == 0) return;
    MatrixProduct<Real> p{false, true, n, m, k, Real(1), x, k, w, k};
    p.beta = Real(0);
    p.packed_d = y;
    p.bias = bias;
    Runtime::matrix_product(p);
  }
  /// to = x [n], as products read it.
  static void pack(Index n, const Real* x, Packed* to) {
    launch_each<Runtime>(n, kernel::Pack<Real>{x, stored<Runtime, Real>(to)});
  }
  template <class In>
  static void linear_backward(Index n, Index k, Index m, const In* x, const Real* w, const Real* before, Real* dy,
                              Real* dx, bool overwrite_grad, Real* dw, Real* dbias) {
    if (m == 0 && dx != nullptr && overwrite_grad) Runtime::zero(dx, n * k);
    if (n == 0 || m == 0) return;
    // One pass over dy rounds dy for both products, multiplies by GELU's slope and sums the columns.
    kernel::ResultGradient<Real> gradient{m, before, dy, {}};
    typename MatrixProduct<Real>::Operand operand(dy);
    if (Runtime::rounds_operands()) {
      auto* packed = static_cast<Packed*>(Runtime::packed_scratch(packed_bytes(n * m)));
      gradient.to = stored<Runtime, Real>(packed);
      operand = packed;
    } else if (before != nullptr) {
      gradient.to = dy;
    }
    if (dbias != nullptr)
      add_column_sums<Runtime>(n, m, gradient, dbias);
    else if (gradient.to)
      launch_each<Runtime>(n * m, gradient);
    if (dx != nullptr) {
      MatrixProduct<Real> p{false, false, n, k, m, Real(1), operand, m, w, k};
      p.beta = overwrite_grad ? Real(0) : Real(1);
      p.c = p.d = dx;
      Runtime::matrix_product(p);
    }
    if (dw != nullptr) {
      MatrixProduct<Real> p{true, false, m, k, n, Real(1), operand, m, x, k};
      p.beta = Real(1);
      p.c = p.d = dw;
      Runtime::matrix_product(p);
    }
  }
  /// Size in bytes of n elements of an operand.
  static std::size_t packed_bytes(Index n) {
    return static_cast<std::size_t>(n) * (Runtime::rounds_operands() ? sizeof(std::uint16_t) : sizeof(Real));
  }

 private:
  static void gelu(Index n, const Real* x, const kernel::Stored<Real>& y) {
    if (n % 4 == 0 && kernel::is_aligned<kernel::Quad<Real>>(x) && y.has_fours())
      launch_each<Runtime>(n / 4, kernel::GeluOfFour<Real>{x, y});
    else
      launch_each<Runtime>(n, kernel::Gelu<Real>{x, y});
  }
};

}  // namespace ctp::backend::cuda
