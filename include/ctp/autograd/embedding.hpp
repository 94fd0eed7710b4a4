/// @file   ctp/autograd/embedding.hpp
/// @brief  Embeddings of token ids and image patches, with positions.
/// @layer  autograd
#pragma once

#include <cstdint>

#include <ctp/autograd/residual.hpp>

namespace ctp {

/// @brief Token embedding: words[ids] + positions + types[0].
///
/// **Shapes.** ids [batch,length]; words [vocabulary,d], positions [>= length,d], types [>= 1,d]; returns
/// [batch*length,d].  **Errors.** ShapeError; the caller must check that ids are in [0,vocabulary).
/// **Gradient.** to the three tables; row `padding` of words gets no gradient (padding_idx of nn.Embedding).
template <class B>
Variable<2, B> embedding(const Pass<B>& pass, Input<std::int32_t, 2, B> ids, Variable<2, B> words,
                         Variable<2, B> positions, Variable<2, B> types, std::int32_t padding) {
  const Index batch = ids.shape[0], length = ids.shape[1], d = words.value.shape[1];
  require_shape(positions.value.shape[0] >= length && positions.value.shape[1] == d, "embedding", "ids", ids.shape,
                "positions", positions.value.shape, "every token needs a position as wide as the words");
  require_shape(types.value.shape[0] >= 1 && types.value.shape[1] == d, "embedding", "types", types.value.shape,
                "words", words.value.shape, "types are as wide as the words");
  auto y = pass.make(Shape<2>{batch * length, d});
  B::embed(batch, length, d, ids.data, words.value.data, positions.value.data, types.value.data, y.value.data);
  pass.record([=] {
    B::embed_backward(batch, length, d, ids.data, padding, y.grad.data, words.grad.data, positions.grad.data,
                      types.grad.data);
  });
  return y;
}

namespace detail {
/// prepend_class_token() with a result of type `Result`, Variable<2, B> or Residual<B>.
template <class Result, class B>
Result prepend_class_token(const Pass<B>& pass, Variable<2, B> patches, Index batch, Variable<3, B> class_token,
                           Variable<3, B> positions) {
  const Index d = patches.value.shape[1], n = patches.value.shape[0] / batch;
  require_shape(positions.value.shape == Shape<3>{1, n + 1, d}, "prepend_class_token", "positions",
                positions.value.shape, "patches", Shape<3>{batch, n, d},
                "one position for each patch and one for the class token");
  auto result = make<Result>(pass, Shape<2>{batch * (n + 1), d});
  const auto y = matrix_view(result);
  B::prepend_class_token(batch, n, d, patches.value.data, class_token.value.data, positions.value.data, y.value);
  pass.record([=] {
    B::prepend_class_token_backward(batch, n, d, y.grad, patches.grad.data, class_token.grad.data, positions.grad.data);
  });
  return result;
}
}  // namespace detail

/// @brief Prepends the class token to each image's patches and adds the position embeddings.
///
/// **Shapes.** patches [batch*n,d], class_token [1,1,d], positions [1,n+1,d]; returns [batch*(n+1),d].
/// **Gradient.** to all three.  **Source.** Dosovitskiy et al. 2021, arXiv:2010.11929, eq. 1.
template <class B>
Variable<2, B> prepend_class_token(const Pass<B>& pass, Variable<2, B> patches, Index batch, Variable<3, B> class_token,
                                   Variable<3, B> positions) {
  return detail::prepend_class_token<Variable<2, B>>(pass, patches, batch, class_token, positions);
}
/// prepend_class_token() with its result as a Residual.
template <class B>
Residual<B> prepend_class_token_residual(const Pass<B>& pass, Variable<2, B> patches, Index batch,
                                         Variable<3, B> class_token, Variable<3, B> positions) {
  return detail::prepend_class_token<Residual<B>>(pass, patches, batch, class_token, positions);
}

}  // namespace ctp
