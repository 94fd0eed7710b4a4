/// @file   ctp/autograd/attention.hpp
/// @brief  Multi-head attention between rows of one or two sequences.
/// @layer  autograd
#pragma once

#include <ctp/autograd/operand.hpp>
#include <ctp/backend/attention_shape.hpp>

namespace ctp {

/// View of consecutive columns of a matrix. Queries, keys and values may be columns of one fused product.
template <class Backend>
struct Columns {
  Variable<2, Backend> matrix;
  Index first = 0, width = 0;

  Columns(Variable<2, Backend> whole)
      : matrix(whole), width(whole.value.shape[1]) {}  // NOLINT: all columns, as an implicit conversion
  Columns(Variable<2, Backend> whole, Index begin, Index columns) : matrix(whole), first(begin), width(columns) {
    require_shape(begin >= 0 && begin + columns <= whole.value.shape[1], "Columns", "matrix", whole.value.shape,
                  "columns", Shape<2>{begin, columns}, "first and width must lie within the matrix");
  }
  [[nodiscard]] typename Backend::Real* value() const { return matrix.value.data + first; }
  [[nodiscard]] typename Backend::Real* grad() const { return matrix.grad ? matrix.grad.data + first : nullptr; }
  [[nodiscard]] Index stride() const { return matrix.value.shape[1]; }
};

namespace detail {
/// attention() with a result of type `Result`, Variable<2, B> or Operand<B>.
template <class Result, class B>
Result attention(const Pass<B>& pass, Columns<B> q, Columns<B> k, Columns<B> v, Index batch, Index heads,
                 Input<typename B::Real, 2, B> key_bias, const backend::Dropout& dropout) {
  const auto length = [batch](const Columns<B>& x) { return batch > 0 ? x.matrix.value.shape[0] / batch : 0; };
  const Index queries = length(q), keys = length(k), d = q.width;
  require_shape(batch > 0 && q.matrix.value.shape[0] == batch * queries && k.matrix.value.shape[0] == batch * keys &&
                    v.matrix.value.shape[0] == batch * keys,
                "attention", "queries", q.matrix.value.shape, "keys", k.matrix.value.shape,
                "rows are batch times sequence length");
  require_shape(k.width == d && v.width == d && heads > 0 && d % heads == 0, "attention", "columns of q, k",
                Shape<2>{d, k.width}, "columns of v, heads", Shape<2>{v.width, heads},
                "q, k and v are equally wide, a multiple of the heads");
  require_shape(!key_bias || key_bias.shape == Shape<2>{batch, keys}, "attention", "key_bias", key_bias.shape, "keys",
                Shape<2>{batch, keys}, "each key has one bias");
  const backend::AttentionShape shape{batch, heads, queries, keys, d / heads, q.stride(), k.stride(), v.stride()};
  auto result = make<Result>(pass, Shape<2>{batch * queries, d});
  const auto o = matrix_view(result);
  Tensor<typename B::Real, 1, B> saved;
  if (pass.differentiates()) saved = pass.scratch(Shape<1>{B::attention_saved(shape)});
  B::attention(shape, q.value(), k.value(), v.value(), key_bias.data, dropout, saved.data, o.value);
  pass.record([=] {
    B::attention_backward(shape, q.value(), k.value(), v.value(), key_bias.data, dropout, saved.data, o.value, o.grad,
                          q.grad(), k.grad(), v.grad());
  });
  return result;
}
}  // namespace detail

/// @brief Multi-head attention: o = dropout(softmax(q k^T / sqrt(head width) + key_bias)) v for each head. A head is
/// one of `heads` equal parts of the columns.
///
/// **Shapes.** q [batch*queries, D], k and v [batch*keys, D], key_bias [batch,keys] or a null tensor; returns
/// [batch*queries, D].  **Errors.** ShapeError.  **Gradient.** to q, k and v.
/// **Source.** Vaswani et al. 2017, arXiv:1706.03762, section 3.2.
template <class B>
Variable<2, B> attention(const Pass<B>& pass, Columns<B> q, Columns<B> k, Columns<B> v, Index batch, Index heads,
                         Input<typename B::Real, 2, B> key_bias, const backend::Dropout& dropout) {
  return detail::attention<Variable<2, B>>(pass, q, k, v, batch, heads, key_bias, dropout);
}

/// attention() with its result as an Operand, for one product.
template <class B>
Operand<B> attention_operand(const Pass<B>& pass, Columns<B> q, Columns<B> k, Columns<B> v, Index batch, Index heads,
                             Input<typename B::Real, 2, B> key_bias, const backend::Dropout& dropout) {
  return detail::attention<Operand<B>>(pass, q, k, v, batch, heads, key_bias, dropout);
}

}  // namespace ctp
