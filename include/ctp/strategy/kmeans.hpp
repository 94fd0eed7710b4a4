/// @file   ctp/strategy/kmeans.hpp
/// @brief  Replay of one pair of each cluster.
/// @layer  strategy
#pragma once

#include <ctp/rehearsal/kmeans.hpp>
#include <ctp/strategy/seqf.hpp>

namespace ctp::strategy {

/// @brief Trains each task together with pairs from the middle of clusters of those before.
/// **Source.** Chaudhry et al. 2019, arXiv:1902.10486; CTP, ICCV 2023, arXiv:2308.07146, baseline Kmeans.
struct KMeans : SeqF {
  static constexpr const char* name = "kmeans";
  using Rehearsal = rehearsal::KMeans;
};

}  // namespace ctp::strategy
