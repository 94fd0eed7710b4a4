/// @file   ctp/encoder/model.hpp
/// @brief  An image encoder, a text encoder and the space in which they meet.
/// @layer  encoder - may include: core, backend, tensor, autograd, nn
#pragma once

#include <ctp/core/model_config.hpp>
#include <ctp/encoder/text_input.hpp>
#include <ctp/nn/layers.hpp>

namespace ctp {

/// @brief The structure of a vision-language model. Holds no weights: see ParameterInfo and Pass.
///
/// ImageEncoder: `ImageEncoder(const ModelConfig&, Layout&)`, images -> tokens, `tokens()`, `width()`.
/// TextEncoder: `TextEncoder(const ModelConfig&, Layout&)`, text -> tokens, `fuse`, `word_scores`, `width()`.
template <class ImageEncoder, class TextEncoder, class BackendType>
class VisionLanguageModel {
 public:
  using Backend = BackendType;
  using Real = typename Backend::Real;

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
  /// From class tokens to the common space. **Shapes.** [B,width] -> [B,embed].
  [[nodiscard]] const nn::Linear& vision_proj() const { return vision_proj_; }
  [[nodiscard]] const nn::Linear& text_proj() const { return text_proj_; }

 private:
  ModelConfig config_;
  Layout layout_;
  ImageEncoder image_encoder_;
  TextEncoder text_encoder_;
  nn::Linear vision_proj_, text_proj_;
};

}  // namespace ctp
