/// @file   ctp/strategy/seqf.hpp
/// @brief  Sequential fine-tuning.
/// @layer  strategy
#pragma once

#include <ctp/distill/none.hpp>
#include <ctp/momentum/none.hpp>
#include <ctp/nn/layers.hpp>
#include <ctp/objective/in_batch_contrast.hpp>
#include <ctp/objective/masked_language.hpp>
#include <ctp/optim/adamw.hpp>
#include <ctp/optim/schedule/cosine.hpp>
#include <ctp/penalty/none.hpp>
#include <ctp/rehearsal/none.hpp>

namespace ctp::strategy {

/// @brief Trains task after task without a measure against forgetting: the lower bound. All other strategies derive
/// from SeqF.
/// **Source.** CTP, ICCV 2023, arXiv:2308.07146, baseline SeqF.
struct SeqF {
  static constexpr const char* name = "seqf";
  using Objective = All<objective::InBatchContrast, objective::MaskedLanguage>;
  using Momentum = momentum::None;
  using Distillation = distill::None;
  using Penalty = penalty::None;
  using Rehearsal = rehearsal::None;
  using Optimizer = optim::AdamW;
  using Schedule = optim::Cosine;
  using Projection = nn::Linear;
};

}  // namespace ctp::strategy
