/// @file   ctp/distill/masked_language.hpp
/// @brief  Distillation of a teacher's token distributions at the masked positions.
/// @layer  distill
#pragma once

#include <ctp/autograd/losses.hpp>
#include <ctp/core/needs.hpp>

namespace ctp::distill {

/// The teacher: the previous or the momentum model.
enum class Teacher { Previous, Momentum };

/// @brief Cross entropy between the teacher's and the online model's token distributions, mean over masked positions.
///
/// The teacher reads the same masked text with its own image tokens. Temperature: the model's `distill_temp`.
/// **Units.** nats per masked position.  **Gradient.** to the online model.
/// **Source.** CTP, ICCV 2023, arXiv:2308.07146, figure 2 (momentum teacher); Learning without Forgetting,
/// arXiv:1606.09282 (previous model); `tests/oracle: mlm_distillation`.
template <Teacher teacher>
struct MaskedLanguage {
  static constexpr const char* name = "masked_language_distillation";
  static constexpr Needs needs =
      teacher == Teacher::Previous ? Needs{.previous = Output::MaskedScores} : Needs{.momentum = Output::MaskedScores};

  template <class Step>
  auto loss(Step& step) const {
    if constexpr (teacher == Teacher::Previous)
      return distance(step, *step.previous);
    else
      return distance(step, *step.momentum);
  }

 private:
  template <class Step, class Outputs>
  static auto distance(Step& step, Outputs& target) {
    const auto& masked = step.batch().masked_positions();
    return soft_cross_entropy(step.online.pass(), step.online.masked_scores(), target.masked_scores().value,
                              masked.weight, step.model().config().distill_temperature, Entropy::Kept);
  }
};

}  // namespace ctp::distill
