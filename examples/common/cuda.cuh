/// @file   cuda.cuh
/// @brief  Backend type and device selection of the programs' CUDA parts.
#pragma once

#include <string>

#include <ctp/backend/cuda/backend.cuh>
#include <ctp/backend/cuda/runtime/device.cuh>

namespace examples {

/// The CUDA backend with the precision of --precision.
using Cuda = ctp::BasicCuda<ctp::precision::AtRunTime>;

/// Selects the precision: fp32, tf32 or bf16. **Errors.** UsageError if there is no usable device.
inline void use_cuda(const std::string& precision) {
  const auto device = ctp::backend::cuda::describe_device();
  if (!device.usable)
    throw ctp::UsageError(ctp::Complaint{"--device cuda", "", "a CUDA device", device.text, "use --device cpu"}.text());
  using ctp::precision::Choice;
  ctp::backend::cuda::Context::current().precision = precision == "bf16"   ? Choice::Bf16
                                                     : precision == "tf32" ? Choice::Tf32
                                                                           : Choice::Fp32;
}

}  // namespace examples
