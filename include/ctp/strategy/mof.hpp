/// @file   ctp/strategy/mof.hpp
/// @brief  Rehearsal of herded exemplars: mean of features.
/// @layer  strategy
#pragma once

#include <ctp/rehearsal/herding.hpp>
#include <ctp/strategy/seqf.hpp>

namespace ctp::strategy {

/// @brief Trains each task together with herded exemplars of the earlier tasks.
/// **Source.** Rebuffi et al. 2017, arXiv:1611.07725, mean of features; CTP, ICCV 2023, arXiv:2308.07146, baseline MoF.
struct Mof : SeqF {
  static constexpr const char* name = "mof";
  using Rehearsal = rehearsal::Herding;
};

}  // namespace ctp::strategy
