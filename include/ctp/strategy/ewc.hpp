/// @file   ctp/strategy/ewc.hpp
/// @brief  Elastic weight consolidation.
/// @layer  strategy
#pragma once

#include <ctp/penalty/ewc.hpp>
#include <ctp/strategy/seqf.hpp>

namespace ctp::strategy {

/// @brief Keeps parameters near where they were, by their Fisher information.
/// **Source.** Kirkpatrick et al. 2017, arXiv:1612.00796; CTP, ICCV 2023, arXiv:2308.07146, baseline EWC.
struct Ewc : SeqF {
  static constexpr const char* name = "ewc";
  using Penalty = penalty::Ewc;
};

}  // namespace ctp::strategy
