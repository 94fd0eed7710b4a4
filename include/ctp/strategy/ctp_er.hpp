/// @file   ctp/strategy/ctp_er.hpp
/// @brief  Compatible momentum contrast with topology preservation and experience replay.
/// @layer  strategy
#pragma once

#include <ctp/rehearsal/reservoir.hpp>
#include <ctp/strategy/ctp.hpp>

namespace ctp::strategy {

/// @brief CTP with rehearsal of a uniform sample of all pairs seen. The sample has the same losses as the new pairs.
/// **Source.** CTP, ICCV 2023, arXiv:2308.07146, CTP_ER.
struct CtpEr : Ctp {
  static constexpr const char* name = "ctp_er";
  using Rehearsal = rehearsal::Reservoir;
};

}  // namespace ctp::strategy
