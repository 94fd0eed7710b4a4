/// @file   ctp/nn/mean.hpp
/// @brief  Means over the rows of a sequence, for encoders without a learned class token or self-attention.
/// @layer  nn
#pragma once

#include <ctp/autograd/attention.hpp>
#include <ctp/autograd/linear.hpp>
#include <ctp/autograd/rows.hpp>
#include <ctp/config.hpp>

namespace ctp::nn {

namespace detail {
/// The matrix [n+1,n] whose first row takes the mean of n numbers; the others take one each.
template <class Real>
struct MeanAndEach {
  Index n;
  Real* matrix;

  CTP_HD void operator()(Index i) const {
    const Index row = i / n, column = i % n;
    matrix[i] = row == 0 ? Real(1) / static_cast<Real>(n) : row == column + 1 ? Real(1) : Real(0);
  }
};
}  // namespace detail

/// @brief The mean of each sequence as one more row before it: a class token for an encoder that has none.
///
/// **Shapes.** x [batch*n,d] -> [batch*(n+1),d].  **Errors.** ShapeError.  **Gradient.** to x.
template <class B>
Variable<2, B> mean_before(const Pass<B>& pass, Variable<2, B> x, Index batch) {
  using Real = typename B::Real;
  const auto turned = transpose_each(pass, x, batch);
  const Index n = turned.value.shape[1];
  const Variable<2, B> matrix{pass.scratch(Shape<2>{n + 1, n}), {}};
  B::for_each((n + 1) * n, detail::MeanAndEach<Real>{n, matrix.value.data});
  const Variable<1, B> none{pass.scratch(Shape<1>{n + 1}), {}};
  B::zero(none.value.data, n + 1);
  return transpose_each(pass, linear(pass, turned, matrix, none), batch);
}

/// @brief The mean of each text's tokens, once for each of its tokens; padding does not count.
///
/// It is attention whose queries are zero, in `heads` parts, which do not change the result.
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
