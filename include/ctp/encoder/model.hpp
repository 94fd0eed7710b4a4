/// @file   ctp/encoder/model.hpp
/// @brief  Vision-language model: image encoder, text encoder and projections to the common space.
/// @layer  encoder
#pragma once

#include <ctp/core/model_config.hpp>
#include <ctp/encoder/require.hpp>
#include <ctp/nn/layers.hpp>

namespace ctp {

/// @brief Structure of a vision-language model. The weights are a flat vector outside the model: see Layout and Pass.
///
/// ImageEncoder: an encoder::ImageEncoder. TextEncoder: an encoder::TextEncoder. See docs/policies/encoder.md.
/// Projection: `Projection(Layout&, name, out, in)`, class tokens -> common space; see nn::Linear and nn::CosineLinear.
/// A strategy names the projection that its method needs.
template <class ImageEncoder, class TextEncoder, class BackendType, class ProjectionType = nn::Linear>
class VisionLanguageModel {
 public:
  using Backend = BackendType;
  using Projection = ProjectionType;
  using Real = typename Backend::Real;

  static_assert(encoder::require_image_encoder<ImageEncoder, Backend>());
  static_assert(encoder::require_text_encoder<TextEncoder, Backend>());

  /// **Errors.** UsageError if the sizes contradict each other.
  explicit VisionLanguageModel(const ModelConfig& config)
      : config_((validate(config), config)),
        image_encoder_(config_, layout_),
        text_encoder_(config_, layout_),
        vision_proj_(layout_, "vision_proj", config_.embed, image_encoder_.width()),
        text_proj_(layout_, "text_proj", config_.embed, text_encoder_.width()) {}

  [[nodiscard]] const ModelConfig& config() const { return config_; }
  [[nodiscard]] const Layout& layout() const { return layout_; }
  [[nodiscard]] const ImageEncoder& image_encoder() const { return image_encoder_; }
  [[nodiscard]] const TextEncoder& text_encoder() const { return text_encoder_; }
  /// Projection of image class tokens to the common space. **Shapes.** [B,width] -> [B,embed].
  [[nodiscard]] const Projection& vision_proj() const { return vision_proj_; }
  /// Projection of text class tokens to the common space. **Shapes.** [B,width] -> [B,embed].
  [[nodiscard]] const Projection& text_proj() const { return text_proj_; }

  /// The layout, to add parameters to: those of a derived model, and those of policies.
  [[nodiscard]] Layout& layout_to_extend() { return layout_; }

 private:
  ModelConfig config_;
  Layout layout_;
  ImageEncoder image_encoder_;
  TextEncoder text_encoder_;
  Projection vision_proj_, text_proj_;
};

}  // namespace ctp
