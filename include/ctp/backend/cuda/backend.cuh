/// @file   ctp/backend/cuda/backend.cuh
/// @brief  The CUDA backend. This folder is the only one that may include CUDA or cuBLAS.
/// @layer  backend
#pragma once

#include <ctp/backend/concepts.hpp>
#include <ctp/backend/cuda/operations.hpp>
#include <ctp/backend/cuda/runtime/runtime.cuh>
#include <ctp/fwd.hpp>

namespace ctp {

/// Computes on an NVIDIA GPU. `Precision`: of the operands of matrix products.
template <class Precision>
struct BasicCuda : backend::cuda::DeviceRuntime<Precision>,
                   backend::cuda::Operations<backend::cuda::DeviceRuntime<Precision>, float> {};

static_assert(backend::Backend<BasicCuda<precision::Fp32>>);
static_assert(backend::Backend<BasicCuda<precision::Tf32>>);
static_assert(backend::Backend<BasicCuda<precision::Bf16>>);
static_assert(backend::CapturesWork<Cuda>);
static_assert(backend::SkipsWork<Cuda>);
static_assert(backend::CopiesAhead<Cuda>);
static_assert(backend::RoundsWeights<Cuda>);
static_assert(backend::RanksRows<Cuda>);
static_assert(backend::ChangesPrecision<BasicCuda<precision::AtRunTime>>);
static_assert(!backend::ChangesPrecision<Cuda>);

}  // namespace ctp
