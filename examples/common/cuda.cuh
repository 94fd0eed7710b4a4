/// @file   cuda.cuh
/// @brief  What the programs' CUDA parts have in common.
#pragma once

#include <string>

#include <ctp/backend/cuda/backend.cuh>
#include <ctp/backend/cuda/runtime/device.cuh>

namespace examples {

/// The device, in the precision that the program was told.
using Cuda = ctp::BasicCuda<ctp::precision::AtRunTime>;

/// **Errors.** UsageError where there is no device that can be used; `precision` is fp32, tf32 or bf16.
inline void use_cuda(const std::string& precision) {
  const auto found = ctp::backend::cuda::describe_device();
  if (!found.usable)
    throw ctp::UsageError(ctp::Complaint{"--device cuda", "", "a CUDA device", found.text, "use --device cpu"}.text());
  using ctp::precision::Choice;
  ctp::backend::cuda::Context::current().precision = precision == "bf16"   ? Choice::Bf16
                                                     : precision == "tf32" ? Choice::Tf32
                                                                           : Choice::Fp32;
}

}  // namespace examples
