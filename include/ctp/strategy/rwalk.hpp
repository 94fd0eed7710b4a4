/// @file   ctp/strategy/rwalk.hpp
/// @brief  Riemannian walk.
/// @layer  strategy
#pragma once

#include <ctp/penalty/rwalk.hpp>
#include <ctp/strategy/seqf.hpp>

namespace ctp::strategy {

/// @brief Penalises distance to the weights after the last task, weighted by Fisher diagonal and path integral.
/// **Source.** Chaudhry et al. 2018, arXiv:1801.10112; CTP, ICCV 2023, arXiv:2308.07146, baseline RWalk.
struct RWalk : SeqF {
  static constexpr const char* name = "rwalk";
  using Penalty = penalty::RWalk;
};

}  // namespace ctp::strategy
