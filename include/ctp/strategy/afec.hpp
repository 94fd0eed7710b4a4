/// @file   ctp/strategy/afec.hpp
/// @brief  Active forgetting with synaptic expansion and convergence.
/// @layer  strategy
#pragma once

#include <ctp/penalty/afec.hpp>
#include <ctp/strategy/seqf.hpp>

namespace ctp::strategy {

/// @brief Penalises distance to the weights after the last task, and to a second model trained on the new task alone.
/// **Source.** Wang et al. 2021, arXiv:2110.12187; CTP, ICCV 2023, arXiv:2308.07146, baseline AFEC.
struct Afec : SeqF {
  static constexpr const char* name = "afec";
  using Penalty = penalty::Afec;
};

}  // namespace ctp::strategy
