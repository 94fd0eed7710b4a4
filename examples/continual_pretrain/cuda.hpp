/// @file   cuda.hpp
/// @brief  Interface between main.cpp and cuda.cu, which nvcc compiles. Only in builds with CUDA.
#pragma once

#include <string>

#include "run_context.hpp"

namespace pretrain {

/// Chooses the device and the precision. **Errors.** UsageError if there is no usable device.
void use_cuda(const std::string& precision);

/// Runs a Training on the device. **Errors.** as Training.
void train_on_cuda(const RunContext& context);

}  // namespace pretrain
