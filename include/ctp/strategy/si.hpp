/// @file   ctp/strategy/si.hpp
/// @brief  Synaptic intelligence.
/// @layer  strategy
#pragma once

#include <ctp/penalty/si.hpp>
#include <ctp/strategy/seqf.hpp>

namespace ctp::strategy {

/// @brief Keeps parameters near where they were, by how far their way lowered the loss.
/// **Source.** Zenke et al. 2017, arXiv:1703.04200; CTP, ICCV 2023, arXiv:2308.07146, baseline SI.
struct Si : SeqF {
  static constexpr const char* name = "si";
  using Penalty = penalty::Si;
};

}  // namespace ctp::strategy
