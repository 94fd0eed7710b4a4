/// @file   cuda.hpp
/// @brief  The way from the program to its part that nvcc compiles. Only in builds with CUDA.
#pragma once

#include <string>

#include "records.hpp"

namespace conformance {

/// Chooses the device and the precision. **Errors.** UsageError where there is no device that can be used.
void use_cuda(const std::string& precision);

/// As check_record(), on the device, within the limits of the precision.
bool check_on_cuda(const Record& record, const std::string& precision);

}  // namespace conformance
