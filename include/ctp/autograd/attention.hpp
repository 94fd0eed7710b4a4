/// @file   ctp/autograd/attention.hpp
/// @brief  Multi-head attention between rows of one or two sequences.
/// @layer  autograd
#pragma once

#include <ctp/autograd/operand.hpp>
#include <ctp/backend/attention_shape.hpp>

namespace ctp {

/// Some columns of a matrix, without a copy: queries, keys and values may come out of one fused product.
template <class Backend>
struct Columns {
  Variable<2, Backend> of;
  Index first = 0, width = 0;

  Columns(Variable<2, Backend> whole)
      : of(whole), width(whole.value.shape[1]) {}  // NOLINT: a matrix is all its columns
  Columns(Variable<2, Backend> whole, Index begin, Index columns) : of(whole), first(begin), width(columns) {
    require_shape(begin >= 0 && begin + columns <= whole.value.shape[1], "Columns", "matrix", whole.value.shape,
                  "columns", Shape<2>{begin, columns}, "first and width must lie within the matrix");
  }
  [[nodiscard]] typename Backend::Real* value() const { return of.value.data + first; }
  [[nodiscard]] typename Backend::Real* grad() const { return of.grad ? of.grad.data + first : nullptr; }
  [[nodiscard]] Index stride() const { return of.value.shape[1]; }
};

namespace detail {
/// The result is of the kind `Made`.
template <class Made, class B>
Made attention(const Pass<B>& pass, Columns<B> q, Columns<B> k, Columns<B> v, Index batch, Index heads,
               Input<typename B::Real, 2, B> key_bias, const backend::Dropout& dropout) {
  const auto length = [batch](const Columns<B>& x) { return batch > 0 ? x.of.value.shape[0] / batch : 0; };
  const Index queries = length(q), keys = length(k), d = q.width;
  require_shape(batch > 0 && q.of.value.shape[0] == batch * queries && k.of.value.shape[0] == batch * keys &&
                    v.of.value.shape[0] == batch * keys,
                "attention", "queries", q.of.value.shape, "keys", k.of.value.shape,
                "rows are batch times sequence length");
  require_shape(k.width == d && v.width == d && heads > 0 && d % heads == 0, "attention", "columns of q, k",
                Shape<2>{d, k.width}, "columns of v, heads", Shape<2>{v.width, heads},
                "q, k and v are equally wide, a multiple of the heads");
  require_shape(!key_bias || key_bias.shape == Shape<2>{batch, keys}, "attention", "key_bias", key_bias.shape, "keys",
                Shape<2>{batch, keys}, "each key has one bias");
  const backend::AttentionShape shape{batch, heads, queries, keys, d / heads, q.stride(), k.stride(), v.stride()};
  auto made = make<Made>(pass, Shape<2>{batch * queries, d});
  const auto o = rows(made);
  Tensor<typename B::Real, 1, B> saved;
  if (pass.differentiates()) saved = pass.scratch(Shape<1>{B::attention_saved(shape)});
  B::attention(shape, q.value(), k.value(), v.value(), key_bias.data, dropout, saved.data, o.value);
  pass.record([=] {
    B::attention_backward(shape, q.value(), k.value(), v.value(), key_bias.data, dropout, saved.data, o.value, o.grad,
                          q.grad(), k.grad(), v.grad());
  });
  return made;
}
}  // namespace detail

/// @brief o = dropout(softmax(q k^T / sqrt(head width) + key_bias)) v, for each of `heads` equal parts of the columns.
///
/// **Shapes.** q [batch*queries, D], k and v [batch*keys, D], key_bias [batch,keys] or a null tensor; returns
/// [batch*queries, D].  **Errors.** ShapeError.  **Gradient.** to q, k and v.
/// **Source.** Vaswani et al. 2017, arXiv:1706.03762, section 3.2.
template <class B>
Variable<2, B> attention(const Pass<B>& pass, Columns<B> q, Columns<B> k, Columns<B> v, Index batch, Index heads,
                         Input<typename B::Real, 2, B> key_bias, const backend::Dropout& dropout) {
  return detail::attention<Variable<2, B>>(pass, q, k, v, batch, heads, key_bias, dropout);
}

/// The same for one product to read.
template <class B>
Operand<B> attention_operand(const Pass<B>& pass, Columns<B> q, Columns<B> k, Columns<B> v, Index batch, Index heads,
                             Input<typename B::Real, 2, B> key_bias, const backend::Dropout& dropout) {
  return detail::attention<Operand<B>>(pass, q, k, v, batch, heads, key_bias, dropout);
}

}  // namespace ctp
