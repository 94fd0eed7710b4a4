/// @file   ctp/encoder/vit.hpp
/// @brief  The vision transformer.
/// @layer  encoder
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <ctp/autograd/embedding.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/nn/vit_block.hpp>

namespace ctp::encoder {

/// @brief Pre-norm ViT with the parameter names of DeiT: patch embedding, class token, blocks, final layer norm.
///
/// **Shapes.** images [B,3,H,W] -> tokens [B*N,D], N = 1 + (H/patch)^2, the class token first.
/// **Source.** Dosovitskiy et al. 2021, arXiv:2010.11929; Touvron et al. 2021, arXiv:2012.12877. No dropout.
class Vit {
 public:
  Vit(const ModelConfig& c, Layout& layout)
      : patch_(c.patch),
        side_(c.image / c.patch),
        width_(c.vision_width),
        class_token_(layout.add<3>(prefix() + "cls_token", {1, 1, width_}, Start::Table)),
        positions_(layout.add<3>(prefix() + "pos_embed", {1, side_ * side_ + 1, width_}, Start::Table)),
        patch_weight_(layout.add<4>(prefix() + "patch_embed.proj.weight", {width_, 3, patch_, patch_}, Start::Weight)),
        patch_bias_(layout.add<1>(prefix() + "patch_embed.proj.bias", {width_}, Start::Zeros)),
        blocks_(make_blocks(c, layout)),
        norm_(layout, prefix() + "norm", width_, 1e-6) {}

  /// Number of tokens of an image.
  [[nodiscard]] Index tokens() const { return side_ * side_ + 1; }
  [[nodiscard]] Index width() const { return width_; }

  template <class B>
  Variable<2, B> operator()(const Pass<B>& pass, Tensor<const typename B::Real, 4, B> images) const {
    const Index batch = images.shape[0], n = side_ * side_, area = 3 * patch_ * patch_;
    require_shape(images.shape == Shape<4>{batch, 3, side_ * patch_, side_ * patch_}, "Vit", "images", images.shape,
                  "expected", Shape<4>{batch, 3, side_ * patch_, side_ * patch_}, "the model's image size is fixed");
    return enclosed(pass, [&](const Pass<B>& inner) {
      auto patches = Operand<B>::of_data(inner, Shape<2>{batch * n, area});
      B::patches(batch, 3, side_ * patch_, patch_, images.data, patches.value);
      const auto kernel = pass[patch_weight_];
      const Variable<2, B> weight{
          kernel.value.reshaped(Shape<2>{width_, area}),
          kernel.grad ? kernel.grad.reshaped(Shape<2>{width_, area}) : Tensor<typename B::Real, 2, B>{}};
      auto x = prepend_class_token_residual(inner, linear(inner, std::move(patches), weight, pass[patch_bias_]), batch,
                                            pass[class_token_], pass[positions_]);
      for (const auto& block : blocks_) x = block(inner, std::move(x), batch);
      return norm_(pass, x);
    });
  }

 private:
  static std::string prefix() { return "visual_encoder."; }
  static std::vector<nn::VitBlock> make_blocks(const ModelConfig& c, Layout& layout) {
    std::vector<nn::VitBlock> blocks;
    for (int i = 0; i < c.vision_depth; ++i)
      blocks.emplace_back(layout, prefix() + "blocks." + std::to_string(i) + ".", c.vision_width, c.vision_heads);
    return blocks;
  }

  Index patch_, side_, width_;
  Parameter<3> class_token_, positions_;
  Parameter<4> patch_weight_;
  Parameter<1> patch_bias_;
  std::vector<nn::VitBlock> blocks_;
  nn::LayerNorm norm_;
};

}  // namespace ctp::encoder
