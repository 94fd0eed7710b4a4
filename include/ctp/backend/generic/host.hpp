/// @file   ctp/backend/generic/host.hpp
/// @brief  All operations of a host backend, given its matrix product.
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

/// @brief Base of a host backend. Derived provides block_product() and tiled_product().
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
