/// @file   ctp/backend/generic/host.hpp
/// @brief  Every operation for a backend that computes on host memory, given its matrix product.
/// @layer  backend
#pragma once

#include <ctp/backend/generic/attention.hpp>
#include <ctp/backend/generic/elementwise.hpp>
#include <ctp/backend/generic/embedding.hpp>
#include <ctp/backend/generic/layer_norm.hpp>
#include <ctp/backend/generic/linear.hpp>
#include <ctp/backend/generic/losses.hpp>
#include <ctp/backend/generic/parameters.hpp>
#include <ctp/backend/generic/ranking.hpp>
#include <ctp/backend/generic/rows.hpp>

namespace ctp::backend::generic {

/// @brief What a host backend gets for free. Derived brings block_product() and tiled_product().
template <class Derived, class RealType>
struct Host : AttentionOps<Derived, RealType>,
              ElementwiseOps<RealType>,
              EmbeddingOps<RealType>,
              LayerNormOps<RealType>,
              LinearOps<Derived, RealType>,
              LossOps<RealType>,
              ParameterOps<RealType>,
              Ranking<RealType>,  // and Memory
              RowOps<RealType> {
  using Real = RealType;
};

}  // namespace ctp::backend::generic
