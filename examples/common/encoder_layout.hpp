/// @file   encoder_layout.hpp
/// @brief  The parameters of the encoders of these programs, for checks of weights before there is a strategy.
#pragma once

#include <ctp/core/model_config.hpp>
#include <ctp/nn/layout.hpp>

#include "own_policies.hpp"

namespace examples {

/// The layout of a model without what the strategy decides on: the heads' other parameters, and those of policies.
inline ctp::Layout layout_of_encoders(const ctp::ModelConfig& model) {
  ctp::Layout layout;
  const own_policies::ImageEncoder image(model, layout);
  const own_policies::TextEncoder text(model, layout);
  layout.add<2>("vision_proj.weight", {model.embed, image.width()}, ctp::Start::Weight);
  layout.add<2>("text_proj.weight", {model.embed, text.width()}, ctp::Start::Weight);
  return layout;
}

}  // namespace examples
