/// @file   ctp/strategy/si.hpp
/// @brief  Synaptic intelligence.
/// @layer  strategy
#pragma once

#include <ctp/penalty/si.hpp>
#include <ctp/strategy/seqf.hpp>

namespace ctp::strategy {

/// @brief Penalises distance to the weights after the last task, weighted by the path integral of each parameter.
/// **Source.** Zenke et al. 2017, arXiv:1703.04200; CTP, ICCV 2023, arXiv:2308.07146, baseline SI.
struct Si : SeqF {
  static constexpr const char* name = "si";
  using Penalty = penalty::Si;
};

}  // namespace ctp::strategy
