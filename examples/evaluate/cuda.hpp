/// @file   cuda.hpp
/// @brief  Interface between main.cpp and cuda.cu, which nvcc compiles. Only in builds with CUDA.
#pragma once

#include <string>

#include <ctp/core/model_config.hpp>
#include <ctp/tensor/named.hpp>

#include "../common/evaluation.hpp"

namespace evaluation {

/// Chooses the device and the precision. **Errors.** UsageError if there is no usable device.
void use_cuda(const std::string& precision);

/// @brief The model of `file` on the device. **Errors.** DataError for weights that do not fit the sizes.
examples::FeatureMaker features_on_cuda(const ctp::ModelConfig& config, const ctp::TensorFile& file, bool cosine_heads);

}  // namespace evaluation
