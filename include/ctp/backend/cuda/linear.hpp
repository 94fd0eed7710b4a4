/// @file   ctp/backend/cuda/linear.hpp
/// @brief  Linear layers and matrix products, built on the runtime's matrix product.
/// @layer  backend
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <ctp/backend/cuda/kernel/column_sums.hpp>
#include <ctp/backend/cuda/kernel/elementary.hpp>
#include <ctp/backend/cuda/kernel/matrix_product.hpp>
#include <ctp/backend/cuda/kernel/packed.hpp>
#include <ctp/backend/cuda/kernel/wide_access.hpp>
#include <ctp/core/error.hpp>

namespace ctp::backend::cuda {

namespace kernel {

/// y = gelu(x), in the erf form; cuBLASLt's own epilogue computes the tanh form. `Number`: Real or Bfloat16.
template <class Real, class Number>
struct Gelu {
  const Number* x;
  Stored<Real> y;
  CTP_HD void operator()(Index i) const { y.set(i, gelu(static_cast<Real>(x[i]))); }
};

/// Gelu of the four neighbours from 4 i on.
template <class Real, class Number>
struct GeluOfFour {
  const Number* x;
  Stored<Real> y;
  CTP_HD void operator()(Index i) const {
    auto four = read_four<Real>(x + 4 * i);
    CTP_UNROLL
    for (Real& one : four.x) one = gelu(one);
    y.set_four(4 * i, four);
  }
};

template <class Real, class Gradient, class Number>
struct ResultGradientOfFour;

/// Gradient of a product's result, in the form that the products of the backward pass read. If GELU followed the
/// product, `dy` is the gradient of GELU's output. `Gradient`, `Number`: Real or Bfloat16.
template <class Real, class Gradient, class Number>
struct ResultGradient {
  Index columns;
  const Number* before;  ///< input of GELU, or null
  const Gradient* dy;
  Stored<Real> to;  ///< may be dy

  /// True if of_four() may be used, in a matrix whose columns are a multiple of four.
  [[nodiscard]] bool has_fours() const {
    return is_aligned<StoredFour<Gradient>>(dy) && is_aligned<StoredFour<Number>>(before) && to.has_fours();
  }
  [[nodiscard]] ResultGradientOfFour<Real, Gradient, Number> of_four() const { return {*this}; }

  struct Loaded {
    Gradient dy;
    Number before;
  };
  CTP_HD Loaded read(Index row, Index column) const { return read(row * columns + column); }
  CTP_HD Loaded read(Index i) const { return {dy[i], before == nullptr ? Number{} : before[i]}; }
  /// Writes one element and returns it, for the column sums.
  CTP_HD Real use(const Loaded& loaded, Index row, Index column) const { return use(loaded, row * columns + column); }
  CTP_HD Real use(const Loaded& loaded, Index i) const {
    const auto of_result = static_cast<Real>(loaded.dy);
    const Real g = before == nullptr ? of_result : of_result * gelu_slope(static_cast<Real>(loaded.before));
    to.set(i, g);
    return g;
  }
};

/// ResultGradient of the four neighbours from column 4 `four` on.
template <class Real, class Gradient, class Number>
struct ResultGradientOfFour {
  ResultGradient<Real, Gradient, Number> body;

  struct Loaded {
    StoredFour<Gradient> dy;
    StoredFour<Number> before;
  };
  CTP_HD Loaded read(Index row, Index four) const {
    const Index i = row * body.columns + 4 * four;
    Loaded loaded{read_wide<StoredFour<Gradient>>(body.dy + i), {}};
    if (body.before != nullptr) loaded.before = read_wide<StoredFour<Number>>(body.before + i);
    return loaded;
  }
  CTP_HD Quad<Real> use(const Loaded& loaded, Index row, Index four) const {
    auto g = numbers_of<Real>(loaded.dy);
    if (body.before != nullptr) {
      const auto before = numbers_of<Real>(loaded.before);
      CTP_UNROLL
      for (int k = 0; k < 4; ++k) g.x[k] *= gelu_slope(before.x[k]);
    }
    body.to.set_four(row * body.columns + 4 * four, g);
    return g;
  }
};

}  // namespace kernel

/// The operations of generic::LinearOps, which documents each of them.
template <class Runtime, class Real>
struct LinearOps {
  using Argument = Numbers<Runtime, Real>;

  /// Operands are not rounded in any precision: a temperature multiplies the error of a similarity.
  static void product(bool transpose_a, bool transpose_b, Index m, Index n, Index k, Real alpha, const Real* a,
                      Index lda, const Real* b, Index ldb, bool accumulate, Real* c) {
    if (m == 0 || n == 0) return;
    MatrixProduct<Real> p{transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb};
    p.put(c, accumulate);
    p.single = true;
    Runtime::matrix_product(p);
  }
  /// **Errors.** UsageError if a result is stored Packed and there is a residual.
  static void linear(Index n, Index k, Index m, Argument x, const Real* w, const Real* bias, const Real* residual,
                     Argument y, Argument activated) {
    require(residual == nullptr || !y.packed, "linear", "a result that is stored Packed takes no residual");
    if (n == 0 || m == 0) return;
    MatrixProduct<Real> p{false, true, n, m, k, Real(1), x, k, w, k};
    p.put(y, residual != nullptr);
    if (residual != nullptr) p.c = residual;
    p.bias = bias;
    Runtime::matrix_product(p);
    if (activated) gelu(n * m, y, activated);
  }
  /// to = x [n], as products read it.
  static void pack(Index n, const Real* x, Packed* to) { launch_each<Runtime>(n, kernel::Pack<Real>{x, Argument(to)}); }
  /// **Errors.** UsageError if dx is Packed and not overwritten, or dy is Packed and `before` is not.
  static void linear_backward(Index n, Index k, Index m, Argument x, const Real* w, Argument before, Argument dy,
                              Argument dx, bool overwrite_grad, Real* dw, Real* dbias) {
    require(overwrite_grad || !dx.packed, "linear_backward", "a gradient that is stored Packed is not added to");
    require(!before || before.packed || !dy.packed, "linear_backward",
            "the input of GELU must be stored Packed if the gradient of the result is");
    if (m == 0 && dx && overwrite_grad) clear(dx, n * k);
    if (n == 0 || m == 0) return;
    // One pass over dy rounds dy for both products, multiplies by GELU's slope and sums the columns.
    kernel::Stored<Real> operand = dy, to;
    if (Runtime::rounds_operands() && !dy.rounded())
      operand = to = Argument(static_cast<Packed*>(Runtime::packed_scratch(packed_bytes(n * m))));
    else if (before)
      to = dy;
    pass_over_gradient(n, m, before, dy, to, dbias);
    if (dx) {
      MatrixProduct<Real> p{false, false, n, k, m, Real(1), operand, m, w, k};
      p.put(dx, !overwrite_grad);
      Runtime::matrix_product(p);
    }
    if (dw != nullptr) {
      MatrixProduct<Real> p{true, false, m, k, n, Real(1), operand, m, x, k};
      p.put(dw, true);
      Runtime::matrix_product(p);
    }
  }
  /// Size in bytes of n elements of an operand.
  static std::size_t packed_bytes(Index n) {
    return static_cast<std::size_t>(n) * (Runtime::rounds_operands() ? sizeof(std::uint16_t) : sizeof(Real));
  }

 private:
  static void gelu(Index n, const Argument& x, const Argument& y) {
    const bool fours = n % 4 == 0 && x.has_fours() && y.has_fours();
    x.visit([&](const auto* from) {
      using Number = std::remove_cvref_t<decltype(*from)>;
      if (fours)
        launch_each<Runtime>(n / 4, kernel::GeluOfFour<Real, Number>{from, y});
      else
        launch_each<Runtime>(n, kernel::Gelu<Real, Number>{from, y});
    });
  }
  /// Writes the gradient of the result to `to` and adds its column sums to dbias; either may be null.
  static void pass_over_gradient(Index n, Index m, const Argument& before, const Argument& dy,
                                 const kernel::Stored<Real>& to, Real* dbias) {
    const auto pass = [&]<class Gradient, class Number>(const Gradient* of_result, const Number* of_gelu) {
      const kernel::ResultGradient<Real, Gradient, Number> gradient{m, of_gelu, of_result, to};
      if (dbias != nullptr && !to)
        add_column_sums<Runtime>(n, m, kernel::Element<Real, Gradient>{m, of_result}, dbias);
      else if (dbias != nullptr)
        add_column_sums<Runtime>(n, m, gradient, dbias);
      else if (to)
        launch_each<Runtime>(n * m, gradient);
    };
    using kernel::Bfloat16;
    if (dy.rounded())
      pass(dy.template as<const Bfloat16>(), before.template as<const Bfloat16>());
    else
      before.visit([&](const auto* of_gelu) { pass(dy.template as<const Real>(), of_gelu); });
  }
  static void clear(const Argument& x, Index n) {
    if (x.rounded())
      Runtime::zero(x.template as<kernel::Bfloat16>(), n);
    else
      Runtime::zero(x.template as<Real>(), n);
  }
};

}  // namespace ctp::backend::cuda
