/// @file   ctp/encoder/convolutional.hpp
/// @brief  Small convolutional image encoder.
/// @layer  encoder
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/nn/convolution.hpp>
#include <ctp/nn/layers.hpp>
#include <ctp/nn/mean.hpp>

namespace ctp::encoder {

/// @brief Convolutional encoder with residual blocks over a grid of the size of Vit's patch grid.
///
/// A linear layer embeds patches of patch/2 pixels in half the width. A 3x3 convolution with stride 2 maps these to a
/// grid of cells of the full width. Each of `vision_depth` blocks adds linear(gelu(convolution(norm(x)))). The class
/// token is the mean of the cells. Reads the sizes `image`, `patch`, `vision_width` and `vision_depth`.
///
/// **Shapes.** images [B,3,H,W] -> tokens [B*N,D], N = 1 + (H/patch)^2, the class token first.  **Errors.** UsageError
/// for an odd patch or width.  **Source.** residual blocks as in He et al. 2016, arXiv:1512.03385, pre-norm and with
/// GELU as in Liu et al. 2022, arXiv:2201.03545, section 2.5. No dropout.
class Convolutional {
 public:
  Convolutional(const ModelConfig& c, Layout& layout)
      : piece_(c.patch / 2),
        side_(c.image / c.patch),
        width_((require_even(c), c.vision_width)),
        pieces_(layout, prefix() + "pieces", width_ / 2, 3 * piece_ * piece_),
        join_(layout, prefix() + "join", width_, width_ / 2, 2),
        blocks_(make_blocks(c, layout)),
        norm_(layout, prefix() + "norm", width_, 1e-6) {}

  /// Number of tokens of an image.
  [[nodiscard]] Index tokens() const { return side_ * side_ + 1; }
  [[nodiscard]] Index width() const { return width_; }

  template <class B>
  Variable<2, B> operator()(const Pass<B>& pass, Tensor<const typename B::Real, 4, B> images) const {
    const Index batch = images.shape[0], fine = 2 * side_, size = fine * piece_;
    require_shape(images.shape == Shape<4>{batch, 3, size, size}, "Convolutional", "images", images.shape, "expected",
                  Shape<4>{batch, 3, size, size}, "the model's image size is fixed");
    return enclosed(pass, [&](const Pass<B>& inner) {
      Variable<2, B> pixels{inner.scratch(Shape<2>{batch * fine * fine, 3 * piece_ * piece_}), {}};
      B::patches(batch, 3, size, piece_, images.data, pixels.value.data);
      Residual<B> x(inner, join_(inner, pieces_.with_gelu(inner, pixels), batch, fine));
      for (const Block& block : blocks_)
        x = enclosed(inner, [&](const Pass<B>& deep) {
          const auto branch = block.spread.with_gelu(deep, block.norm(deep, x), batch, side_);
          return block.out.with_residual(inner, branch, std::move(x));
        });
      return norm_(pass, nn::mean_before(inner, std::move(x).variable(inner), batch));
    });
  }

 private:
  struct Block {
    nn::LayerNorm norm;
    nn::Convolution spread;
    nn::Linear out;

    Block(Layout& layout, const std::string& name, Index d)
        : norm(layout, name + "norm", d, 1e-6),
          spread(layout, name + "spread", d, d),
          out(layout, name + "out", d, d) {}
  };

  static std::string prefix() { return "visual_encoder."; }
  static void require_even(const ModelConfig& c) {
    for (const auto& [key, value] : {std::pair{"patch", c.patch}, {"vision_width", c.vision_width}})
      if (value % 2 != 0)
        throw UsageError(Complaint{"model." + std::string(key), "", "an even number", std::to_string(value),
                                   "Convolutional starts with patches of half the size, embedded in half the width"}
                             .text());
  }
  static std::vector<Block> make_blocks(const ModelConfig& c, Layout& layout) {
    std::vector<Block> blocks;
    for (int i = 0; i < c.vision_depth; ++i)
      blocks.emplace_back(layout, prefix() + "blocks." + std::to_string(i) + ".", c.vision_width);
    return blocks;
  }

  Index piece_, side_, width_;
  nn::Linear pieces_;
  nn::Convolution join_;
  std::vector<Block> blocks_;
  nn::LayerNorm norm_;
};

}  // namespace ctp::encoder
