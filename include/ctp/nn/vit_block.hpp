/// @file   ctp/nn/vit_block.hpp
/// @brief  Pre-norm transformer block of ViT, with a fused query-key-value product.
/// @layer  nn
#pragma once

#include <string>
#include <utility>

#include <ctp/nn/layers.hpp>

namespace ctp::nn {

/// @brief x + proj(attention(norm1(x))), then x + fc2(gelu(fc1(norm2(x)))).
///
/// **Shapes.** [batch*n,d] -> [batch*n,d].
/// **Source.** Dosovitskiy et al. 2021, arXiv:2010.11929, eq. 2 and 3; names and layout of DeiT, layer norm epsilon
/// 1e-6.
struct VitBlock {
  LayerNorm norm1;
  Linear qkv, proj;
  LayerNorm norm2;
  Linear fc1, fc2;
  Index heads;

  VitBlock(Layout& layout, const std::string& name, Index d, Index head_count)
      : norm1(layout, name + "norm1", d, 1e-6),
        qkv(layout, name + "attn.qkv", 3 * d, d),
        proj(layout, name + "attn.proj", d, d),
        norm2(layout, name + "norm2", d, 1e-6),
        fc1(layout, name + "mlp.fc1", 4 * d, d),
        fc2(layout, name + "mlp.fc2", d, 4 * d),
        heads(head_count) {}

  /// Consumes x; the result takes over its gradient.
  template <class B>
  Residual<B> operator()(const Pass<B>& pass, Residual<B>&& x, Index batch) const {
    return enclosed(pass, [&](const Pass<B>& inner) {
      auto mixed =
          attention_operand(inner, qkv.operand(inner, norm1.operand(inner, x)), batch, heads, {}, backend::Dropout{});
      auto attended = proj.with_residual(inner, std::move(mixed), std::move(x));
      auto hidden = fc1.gelu_operand(inner, norm2.operand(inner, attended));
      return fc2.with_residual(pass, std::move(hidden), std::move(attended));
    });
  }
  template <class B>
  Variable<2, B> operator()(const Pass<B>& pass, Variable<2, B> x, Index batch) const {
    return (*this)(pass, Residual<B>(pass, x), batch).variable(pass);
  }
};

}  // namespace ctp::nn
