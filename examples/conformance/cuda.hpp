/// @file   cuda.hpp
/// @brief  Interface between main.cpp and cuda.cu, which nvcc compiles. Only in builds with CUDA.
#pragma once

#include <string>

#include "records.hpp"

namespace conformance {

/// Chooses the device and the precision. **Errors.** UsageError if there is no usable device.
void use_cuda(const std::string& precision);

/// check_record() on the device, with the limits of the precision.
bool check_on_cuda(const Record& record, const std::string& precision);

}  // namespace conformance
