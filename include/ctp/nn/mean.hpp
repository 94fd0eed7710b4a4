/// @file   ctp/nn/mean.hpp
/// @brief  Mean pooling over the rows of a sequence, for encoders without class token or self-attention.
/// @layer  nn
#pragma once

#include <ctp/autograd/attention.hpp>
#include <ctp/autograd/linear.hpp>
#include <ctp/autograd/rows.hpp>
#include <ctp/config.hpp>

namespace ctp::nn {

namespace detail {
/// Matrix [n+1,n]: the first row is 1/n, the other rows are the identity.
template <class Real>
struct MeanAndIdentity {
  Index n;
  Real* matrix;

  CTP_HD void operator()(Index i) const {
    const Index row = i / n, column = i % n;
    matrix[i] = row == 0 ? Real(1) / static_cast<Real>(n) : row == column + 1 ? Real(1) : Real(0);
  }
};
}  // namespace detail

/// @brief Prepends the mean of each sequence as its first row: the class token of an encoder without a learned one.
///
/// **Shapes.** x [batch*n,d] -> [batch*(n+1),d].  **Errors.** ShapeError.  **Gradient.** to x.
template <class B>
Variable<2, B> mean_before(const Pass<B>& pass, Variable<2, B> x, Index batch) {
  using Real = typename B::Real;
  const auto transposed = transpose_each(pass, x, batch);
  const Index n = transposed.value.shape[1];
  const Variable<2, B> matrix{pass.scratch(Shape<2>{n + 1, n}), {}};
  B::for_each((n + 1) * n, detail::MeanAndIdentity<Real>{n, matrix.value.data});
  const Variable<1, B> zero_bias{pass.scratch(Shape<1>{n + 1}), {}};
  B::zero(zero_bias.value.data, n + 1);
  return transpose_each(pass, linear(pass, transposed, matrix, zero_bias), batch);
}

/// @brief Mean over each text's tokens without padding, repeated for each token of the text.
///
/// The mean is computed as attention with zero queries. `heads` does not change the result.
/// **Shapes.** x [batch*L,d], key_bias [batch,L] as in encoder::TextInput -> as x.  **Errors.** ShapeError.
/// **Gradient.** to x.
template <class B>
Variable<2, B> mean_of_each(const Pass<B>& pass, Variable<2, B> x, Input<typename B::Real, 2, B> key_bias,
                            Index heads = 1) {
  const Variable<2, B> zeros{pass.scratch(x.value.shape), {}};
  B::zero(zeros.value.data, zeros.value.size());
  return attention<B>(pass, zeros, zeros, x, key_bias.shape[0], heads, key_bias, backend::Dropout{});
}

}  // namespace ctp::nn
