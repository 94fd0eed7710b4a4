/// @file   ctp/strategy/kmeans.hpp
/// @brief  Rehearsal of one pair of each k-means cluster.
/// @layer  strategy
#pragma once

#include <ctp/rehearsal/kmeans.hpp>
#include <ctp/strategy/seqf.hpp>

namespace ctp::strategy {

/// @brief Trains each task together with k-means exemplars of the earlier tasks.
/// **Source.** Chaudhry et al. 2019, arXiv:1902.10486; CTP, ICCV 2023, arXiv:2308.07146, baseline Kmeans.
struct KMeans : SeqF {
  static constexpr const char* name = "kmeans";
  using Rehearsal = rehearsal::KMeans;
};

}  // namespace ctp::strategy
