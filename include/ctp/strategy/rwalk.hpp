/// @file   ctp/strategy/rwalk.hpp
/// @brief  Riemannian walk.
/// @layer  strategy
#pragma once

#include <ctp/penalty/rwalk.hpp>
#include <ctp/strategy/seqf.hpp>

namespace ctp::strategy {

/// @brief Keeps parameters near where they were, by Fisher information and by how far their way lowered the loss.
/// **Source.** Chaudhry et al. 2018, arXiv:1801.10112; CTP, ICCV 2023, arXiv:2308.07146, baseline RWalk.
struct RWalk : SeqF {
  static constexpr const char* name = "rwalk";
  using Penalty = penalty::RWalk;
};

}  // namespace ctp::strategy
