/// @file   ctp/strategy/lucir.hpp
/// @brief  Learning a unified classifier incrementally via rebalancing.
/// @layer  strategy
#pragma once

#include <ctp/distill/lucir.hpp>
#include <ctp/distill/masked_language.hpp>
#include <ctp/rehearsal/herding.hpp>
#include <ctp/strategy/seqf.hpp>

namespace ctp::strategy {

/// @brief Cosine projections, less-forget constraint on every token, and rehearsal of herded exemplars; weights 1.
/// **Source.** Hou et al. 2019, CVPR; CTP, ICCV 2023, arXiv:2308.07146, baseline LUCIR.
struct Lucir : SeqF {
  static constexpr const char* name = "lucir";
  using Distillation = All<distill::Lucir, distill::MaskedLanguage<distill::Teacher::Previous>>;
  using Rehearsal = rehearsal::Herding;
  using Projection = nn::CosineLinear;
};

}  // namespace ctp::strategy
