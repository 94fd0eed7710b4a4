/// @file   ctp/strategy/mas.hpp
/// @brief  Memory aware synapses.
/// @layer  strategy
#pragma once

#include <ctp/penalty/mas.hpp>
#include <ctp/strategy/seqf.hpp>

namespace ctp::strategy {

/// @brief Penalises distance to the weights after the last task, weighted by the sensitivity of the outputs.
/// **Source.** Aljundi et al. 2018, arXiv:1711.09601; CTP, ICCV 2023, arXiv:2308.07146, baseline MAS.
struct Mas : SeqF {
  static constexpr const char* name = "mas";
  using Penalty = penalty::Mas;
};

}  // namespace ctp::strategy
