/// @file   ctp/backend/cuda/operations.hpp
/// @brief  All operations of the CUDA backend as kernels, for any kernel runtime.
/// @layer  backend
#pragma once

#include <ctp/backend/cuda/attention.hpp>
#include <ctp/backend/cuda/elementwise.hpp>
#include <ctp/backend/cuda/embedding.hpp>
#include <ctp/backend/cuda/layer_norm.hpp>
#include <ctp/backend/cuda/linear.hpp>
#include <ctp/backend/cuda/losses.hpp>
#include <ctp/backend/cuda/parameters.hpp>
#include <ctp/backend/cuda/rank_counts.hpp>
#include <ctp/backend/cuda/ranking.hpp>
#include <ctp/backend/cuda/rows.hpp>
#include <ctp/backend/cuda/weights.hpp>

namespace ctp::backend::cuda {

/// @brief Base of a backend of kernels. Runtime provides memory (allocate, zero, copy, upload, download), the functions
/// of KernelRuntime, launch() and matrix_product(const MatrixProduct<Real>&).
template <class Runtime, class RealType>
struct Operations : AttentionOps<Runtime, RealType>,
                    ElementwiseOps<Runtime, RealType>,
                    EmbeddingOps<Runtime, RealType>,
                    LayerNormOps<Runtime, RealType>,
                    LinearOps<Runtime, RealType>,
                    LossOps<Runtime, RealType>,
                    ParameterOps<Runtime, RealType>,
                    Ranking<Runtime, RealType>,
                    RankCounts<Runtime, RealType>,
                    RowOps<Runtime, RealType>,
                    WeightOps<Runtime, RealType> {
  static_assert(KernelRuntime<Runtime>);
  using Real = RealType;
  using Packed = cuda::Packed;
};

}  // namespace ctp::backend::cuda
