/// @file   ctp/strategy/ctp.hpp
/// @brief  Compatible momentum contrast with topology preservation.
/// @layer  strategy
#pragma once

#include <ctp/distill/masked_language.hpp>
#include <ctp/distill/topology.hpp>
#include <ctp/momentum/compatible.hpp>
#include <ctp/objective/momentum_contrast.hpp>
#include <ctp/strategy/seqf.hpp>

namespace ctp::strategy {

/// @brief The CTP method. Memory-free: keeps two further sets of weights and a queue of features, but no data.
///
/// On the first task there is no previous model, so topology preservation is silent and the momentum model is a plain
/// moving average.
/// **Source.** CTP, ICCV 2023, arXiv:2308.07146, with all loss weights 1 as released.
struct Ctp : SeqF {
  static constexpr const char* name = "ctp";
  using Objective = All<objective::InBatchContrast, objective::MaskedLanguage, objective::MomentumContrast>;
  using Momentum = momentum::Compatible;
  using Distillation =
      All<distill::CrossModalTopology, distill::SameModalTopology, distill::MaskedLanguage<distill::Teacher::Momentum>>;
};

}  // namespace ctp::strategy
