/// @file   ctp/strategy/afec.hpp
/// @brief  Active forgetting with synaptic expansion and convergence.
/// @layer  strategy
#pragma once

#include <ctp/penalty/afec.hpp>
#include <ctp/strategy/seqf.hpp>

namespace ctp::strategy {

/// @brief Keeps parameters near where they were and near where a second model, free of the past, goes.
/// **Source.** Wang et al. 2021, arXiv:2110.12187; CTP, ICCV 2023, arXiv:2308.07146, baseline AFEC.
struct Afec : SeqF {
  static constexpr const char* name = "afec";
  using Penalty = penalty::Afec;
};

}  // namespace ctp::strategy
