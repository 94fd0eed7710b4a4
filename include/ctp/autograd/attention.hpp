/// @file   ctp/autograd/attention.hpp
/// @brief  Multi-head attention between rows of one or two sequences.
/// @layer  autograd
#pragma once

#include <cstddef>
#include <utility>

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

/// Columns of a matrix, as the backend reads them. `Number`: Real or Packed.
template <class Number>
struct ColumnView {
  const Number* value;
  Number* grad;
  Index rows, width, stride;
};
template <class B>
auto column_view(const Columns<B>& x) {
  return ColumnView<typename B::Real>{x.value(), x.grad(), x.matrix.value.shape[0], x.width, x.stride()};
}

/// attention() with a result of type `Result`, Variable<2, B> or Operand<B>. `In`: ColumnView. `overwrite_grad`: the
/// gradients of q, k and v are written, not added to.
template <class Result, class B, class In>
Result attention(const Pass<B>& pass, In q, In k, In v, bool overwrite_grad, Index batch, Index heads,
                 Input<typename B::Real, 2, B> key_bias, const backend::Dropout& dropout) {
  const auto length = [batch](const In& x) { return batch > 0 ? x.rows / batch : 0; };
  const auto shape_of = [](const In& x) { return Shape<2>{x.rows, x.stride}; };
  const Index queries = length(q), keys = length(k), d = q.width;
  require_shape(batch > 0 && q.rows == batch * queries && k.rows == batch * keys && v.rows == batch * keys, "attention",
                "queries", shape_of(q), "keys", shape_of(k), "rows are batch times sequence length");
  require_shape(queries > 0 && keys > 0, "attention", "queries", shape_of(q), "keys", shape_of(k),
                "a sequence has at least one row");
  require_shape(k.width == d && v.width == d && heads > 0 && d % heads == 0, "attention", "columns of q, k",
                Shape<2>{d, k.width}, "columns of v, heads", Shape<2>{v.width, heads},
                "q, k and v are equally wide, a multiple of the heads");
  require_shape(!key_bias || key_bias.shape == Shape<2>{batch, keys}, "attention", "key_bias", key_bias.shape, "keys",
                Shape<2>{batch, keys}, "each key has one bias");
  const backend::AttentionShape shape{batch, heads, queries, keys, d / heads, q.stride, k.stride, v.stride};
  auto result = make<Result>(pass, Shape<2>{batch * queries, d});
  const auto o = matrix_view(result);
  Tensor<typename B::Real, 1, B> saved;
  if (pass.differentiates()) saved = pass.scratch(Shape<1>{B::attention_saved(shape)});
  B::attention(shape, q.value, k.value, v.value, key_bias.data, dropout, saved.data, o.value);
  pass.record([=] {
    B::attention_backward(shape, q.value, k.value, v.value, key_bias.data, dropout, saved.data, o.value, o.grad,
                          overwrite_grad, q.grad, k.grad, v.grad);
  });
  return result;
}

/// Columns `first` to `first + width` of an operand.
template <class B>
auto columns_of(const MatrixView<backend::Packed<B>, backend::Packed<B>>& x, Index first, Index width) {
  using Packed = backend::Packed<B>;
  const auto from = [&](Packed* p) {
    if (p == nullptr) return p;
    return reinterpret_cast<Packed*>(reinterpret_cast<std::byte*>(p) + backend::packed_bytes<B>(first));
  };
  return ColumnView<Packed>{from(x.value), from(x.grad), x.shape[0], width, x.shape[1]};
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
  return detail::attention<Variable<2, B>>(pass, detail::column_view(q), detail::column_view(k), detail::column_view(v),
                                           false, batch, heads, key_bias, dropout);
}

/// attention() with its result as an Operand, for one product.
template <class B>
Operand<B> attention_operand(const Pass<B>& pass, Columns<B> q, Columns<B> k, Columns<B> v, Index batch, Index heads,
                             Input<typename B::Real, 2, B> key_bias, const backend::Dropout& dropout) {
  return detail::attention<Operand<B>>(pass, detail::column_view(q), detail::column_view(k), detail::column_view(v),
                                       false, batch, heads, key_bias, dropout);
}
/// The same of operands q, k and v, which it consumes.
template <class B>
Operand<B> attention_operand(const Pass<B>& pass, Operand<B>&& q, Operand<B>&& k, Operand<B>&& v, Index batch,
                             Index heads, Input<typename B::Real, 2, B> key_bias, const backend::Dropout& dropout) {
  const auto all = [](Operand<B>&& x) {
    const auto view = detail::consume(std::move(x));
    return detail::columns_of<B>(view, 0, view.shape[1]);
  };
  return detail::attention<Operand<B>>(pass, all(std::move(q)), all(std::move(k)), all(std::move(v)), true, batch,
                                       heads, key_bias, dropout);
}
/// The same of an operand [batch*n, 3 D] with the columns q, k and v side by side, which it consumes.
template <class B>
Operand<B> attention_operand(const Pass<B>& pass, Operand<B>&& qkv, Index batch, Index heads,
                             Input<typename B::Real, 2, B> key_bias, const backend::Dropout& dropout) {
  const auto x = detail::consume(std::move(qkv));
  require_shape(x.shape[1] % 3 == 0, "attention_operand", "qkv", x.shape, "parts", Shape<1>{3},
                "queries, keys and values are equally wide");
  const Index d = x.shape[1] / 3;
  return detail::attention<Operand<B>>(pass, detail::columns_of<B>(x, 0, d), detail::columns_of<B>(x, d, d),
                                       detail::columns_of<B>(x, 2 * d, d), true, batch, heads, key_bias, dropout);
}
/// The same of operands q [batch*queries, D] and kv [batch*keys, 2 D] with the columns k and v side by side, which it
/// consumes.
template <class B>
Operand<B> attention_operand(const Pass<B>& pass, Operand<B>&& q, Operand<B>&& kv, Index batch, Index heads,
                             Input<typename B::Real, 2, B> key_bias, const backend::Dropout& dropout) {
  const auto query = detail::consume(std::move(q)), x = detail::consume(std::move(kv));
  require_shape(x.shape[1] % 2 == 0, "attention_operand", "kv", x.shape, "parts", Shape<1>{2},
                "keys and values are equally wide");
  const Index d = x.shape[1] / 2;
  return detail::attention<Operand<B>>(pass, detail::columns_of<B>(query, 0, query.shape[1]),
                                       detail::columns_of<B>(x, 0, d), detail::columns_of<B>(x, d, d), true, batch,
                                       heads, key_bias, dropout);
}

}  // namespace ctp
