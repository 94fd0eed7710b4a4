/// @file   ctp/strategy/ewc.hpp
/// @brief  Elastic weight consolidation.
/// @layer  strategy
#pragma once

#include <ctp/penalty/ewc.hpp>
#include <ctp/strategy/seqf.hpp>

namespace ctp::strategy {

/// @brief Penalises distance to the weights after the last task, weighted by the Fisher diagonal.
/// **Source.** Kirkpatrick et al. 2017, arXiv:1612.00796; CTP, ICCV 2023, arXiv:2308.07146, baseline EWC.
struct Ewc : SeqF {
  static constexpr const char* name = "ewc";
  using Penalty = penalty::Ewc;
};

}  // namespace ctp::strategy
