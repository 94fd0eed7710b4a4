/// @file   ctp/autograd/rows.hpp
/// @brief  Row operations: gather, normalise, length, inner product, transpose.
/// @layer  autograd
#pragma once

#include <cstdint>

#include <ctp/autograd/pass.hpp>

namespace ctp {

/// @brief Gather of rows: y[i] = x[index[i]].
///
/// **Shapes.** x [*,d], index [n]; returns [n,d].  **Gradient.** to x; the rows' gradients are added in the order of i.
template <class B>
Variable<2, B> gather_rows(const Pass<B>& pass, Variable<2, B> x, Input<std::int32_t, 1, B> index) {
  const Index n = index.shape[0], d = x.value.shape[1];
  auto y = pass.make(Shape<2>{n, d});
  B::gather_rows(n, d, x.value.data, index.data, y.value.data);
  pass.record([=] {
    if (x.grad) B::scatter_add_rows(n, d, y.grad.data, index.data, x.grad.data);
  });
  return y;
}

/// @brief First row of each of `batch` sequences: the class tokens.
///
/// **Shapes.** x [batch*n,d]; returns [batch,d].  **Gradient.** to x.
template <class B>
Variable<2, B> first_rows(const Pass<B>& pass, Variable<2, B> x, Index batch) {
  const Index step = batch > 0 ? x.value.shape[0] / batch : 0, d = x.value.shape[1];
  require_shape(batch > 0 && step * batch == x.value.shape[0], "first_rows", "x", x.value.shape, "batch",
                Shape<1>{batch}, "rows are batch times sequence length");
  auto y = pass.make(Shape<2>{batch, d});
  B::take_rows(batch, step, d, x.value.data, y.value.data);
  pass.record([=] {
    if (x.grad) B::add_taken_rows(batch, step, d, y.grad.data, x.grad.data);
  });
  return y;
}

/// @brief L2 normalisation: each row divided by the larger of its length and 1e-12 (F.normalize).
///
/// **Shapes.** x [n,d]; returns [n,d].  **Gradient.** to x.
template <class B>
Variable<2, B> normalize(const Pass<B>& pass, Variable<2, B> x) {
  using Real = typename B::Real;
  const Index n = x.value.shape[0], d = x.value.shape[1];
  auto y = pass.make(x.value.shape);
  const auto length = pass.scratch(Shape<1>{n});
  B::normalize_rows(n, d, x.value.data, Real(1e-12), y.value.data, length.data);
  pass.record([=] {
    if (x.grad) B::normalize_rows_backward(n, d, y.value.data, length.data, Real(1e-12), y.grad.data, x.grad.data);
  });
  return y;
}

/// @brief Euclidean length of each row.
///
/// **Shapes.** x [n,d]; returns [n].  **Gradient.** to x; zero for a row of zeros.
template <class B>
Variable<1, B> row_lengths(const Pass<B>& pass, Variable<2, B> x) {
  const Index n = x.value.shape[0], d = x.value.shape[1];
  auto y = pass.make(Shape<1>{n});
  B::row_lengths(n, d, x.value.data, y.value.data);
  pass.record([=] {
    if (x.grad) B::row_lengths_backward(n, d, x.value.data, y.value.data, y.grad.data, x.grad.data);
  });
  return y;
}

/// @brief Row-wise inner products y[i] = <a[i], b[i]>. For unit rows: cosines.
///
/// **Shapes.** a, b [n,d]; returns [n].  **Errors.** ShapeError.  **Gradient.** to a and b, if they have gradients.
template <class B>
Variable<1, B> row_products(const Pass<B>& pass, Variable<2, B> a, Variable<2, B> b) {
  const Index n = a.value.shape[0], d = a.value.shape[1];
  require_shape(a.value.shape == b.value.shape, "row_products", "a", a.value.shape, "b", b.value.shape,
                "shapes must agree");
  auto y = pass.make(Shape<1>{n});
  B::row_products(n, d, a.value.data, b.value.data, y.value.data);
  pass.record([=] {
    if (a.grad) B::add_scaled_rows(n, d, y.grad.data, b.value.data, a.grad.data);
    if (b.grad) B::add_scaled_rows(n, d, y.grad.data, a.value.data, b.grad.data);
  });
  return y;
}

/// @brief Transpose of each of `batch` matrices: y[b,j,i] = x[b,i,j].
///
/// **Shapes.** x [batch*n,d]; returns [batch*d,n].  **Gradient.** to x.
template <class B>
Variable<2, B> transpose_each(const Pass<B>& pass, Variable<2, B> x, Index batch) {
  const Index n = batch > 0 ? x.value.shape[0] / batch : 0, d = x.value.shape[1];
  require_shape(batch > 0 && n * batch == x.value.shape[0], "transpose_each", "x", x.value.shape, "batch",
                Shape<1>{batch}, "rows are batch times rows of one matrix");
  auto y = pass.make(Shape<2>{batch * d, n});
  B::transpose_each(batch, n, d, x.value.data, false, y.value.data);
  pass.record([=] {
    if (x.grad) B::transpose_each(batch, d, n, y.grad.data, true, x.grad.data);
  });
  return y;
}

}  // namespace ctp
