/// @file   ctp/strategy/jointt.hpp
/// @brief  Joint training.
/// @layer  strategy
#pragma once

#include <ctp/rehearsal/everything.hpp>
#include <ctp/strategy/seqf.hpp>

namespace ctp::strategy {

/// @brief Trains all tasks together, once: the upper bound.
/// **Source.** CTP, ICCV 2023, arXiv:2308.07146, baseline JointT.
struct JointT : SeqF {
  static constexpr const char* name = "jointt";
  using Rehearsal = rehearsal::Everything;
};

}  // namespace ctp::strategy
