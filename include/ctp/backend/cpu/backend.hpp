/// @file   ctp/backend/cpu/backend.hpp
/// @brief  The CPU backend. In a step this folder alone includes Eigen.
/// @layer  backend
#pragma once

#include <ctp/backend/concepts.hpp>
#include <ctp/backend/cpu/product.hpp>
#include <ctp/backend/generic/host.hpp>
#include <ctp/fwd.hpp>

namespace ctp {

/// Computes on the host. Matrix products use the kernel of cpu/kernel.hpp, or Eigen if the target has no wide
/// registers; all other operations are loops that vectorise.
template <class RealType>
struct BasicCpu : backend::generic::Host<BasicCpu<RealType>, RealType>, backend::cpu::Product<RealType> {};

static_assert(backend::Backend<BasicCpu<float>>);
static_assert(backend::Backend<BasicCpu<double>>);

}  // namespace ctp
