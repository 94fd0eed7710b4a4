/// @file   ctp/objective/masked_language.hpp
/// @brief  Masked-language modelling, conditioned on the image.
/// @layer  objective
#pragma once

#include <ctp/autograd/losses.hpp>
#include <ctp/core/needs.hpp>

namespace ctp::objective {

/// @brief Mean cross entropy of the true token over the masked positions of the batch.
///
/// Only masked positions have scores. A batch without masked positions has loss 0.
/// **Units.** nats per masked position.  **Gradient.** to the online model.
/// **Source.** Devlin et al. 2019, arXiv:1810.04805, section 3.1, with the image as in arXiv:2107.07651, eq. 2.
struct MaskedLanguage {
  static constexpr const char* name = "masked_language";
  static constexpr Needs needs{};

  template <class Step>
  auto loss(Step& step) const {
    const auto& masked = step.batch().masked_positions();
    return cross_entropy(step.online.pass(), step.online.masked_scores(), masked.target, masked.weight);
  }
};

}  // namespace ctp::objective
