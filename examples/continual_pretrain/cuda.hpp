/// @file   cuda.hpp
/// @brief  The way from the main program to its part that nvcc compiles. Only in builds with CUDA.
#pragma once

#include <string>

#include "training.hpp"

namespace pretrain {

/// Chooses the device and the precision. **Errors.** UsageError where there is no device that can be used.
void use_cuda(const std::string& precision);

/// Trains as Training does, on the device. **Errors.** those of a training.
void train_on_cuda(const Workbench& bench);

}  // namespace pretrain
