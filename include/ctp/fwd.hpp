/// @file   ctp/fwd.hpp
/// @brief  Forward declarations of the backends, with their default template arguments.
#pragma once

namespace ctp {

template <class Real = float>
struct BasicCpu;
using Cpu = BasicCpu<>;  ///< the host, in single precision

namespace precision {
struct Fp32;
struct Tf32;
struct Bf16;
}  // namespace precision

template <class Precision = precision::Fp32>
struct BasicCuda;
using Cuda = BasicCuda<>;  ///< an NVIDIA GPU, in single precision

}  // namespace ctp
