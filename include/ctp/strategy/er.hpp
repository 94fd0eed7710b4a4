/// @file   ctp/strategy/er.hpp
/// @brief  Experience replay.
/// @layer  strategy
#pragma once

#include <ctp/rehearsal/reservoir.hpp>
#include <ctp/strategy/seqf.hpp>

namespace ctp::strategy {

/// @brief Trains each task together with a uniform sample of all pairs seen.
/// **Source.** Chaudhry et al. 2019, arXiv:1902.10486; CTP, ICCV 2023, arXiv:2308.07146, baseline ER.
struct Er : SeqF {
  static constexpr const char* name = "er";
  using Rehearsal = rehearsal::Reservoir;
};

}  // namespace ctp::strategy
