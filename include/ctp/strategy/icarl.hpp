/// @file   ctp/strategy/icarl.hpp
/// @brief  Incremental classifier and representation learning, for retrieval.
/// @layer  strategy
#pragma once

#include <ctp/rehearsal/herding.hpp>
#include <ctp/strategy/lwf.hpp>

namespace ctp::strategy {

/// @brief Learning without forgetting plus herded exemplars. Retrieval takes the place of the nearest-mean classifier.
/// **Source.** Rebuffi et al. 2017, arXiv:1611.07725; CTP, ICCV 2023, arXiv:2308.07146, baseline ICARL.
struct ICarl : Lwf {
  static constexpr const char* name = "icarl";
  using Rehearsal = rehearsal::Herding;
};

}  // namespace ctp::strategy
