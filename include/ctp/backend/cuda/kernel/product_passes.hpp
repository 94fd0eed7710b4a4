/// @file   ctp/backend/cuda/kernel/product_passes.hpp
/// @brief  Kernels of products that the library of products cannot compute.
/// @layer  backend
#pragma once

#include <ctp/backend/cuda/kernel/packed.hpp>
#include <ctp/config.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::backend::cuda::kernel {

/// d = beta c + bias: a product with k = 0. `n`: columns of d.
struct WithoutTerms {
  Index n;
  float beta;
  const float *c, *bias;
  Stored<float> d;
  CTP_HD void operator()(Index i) const {
    d.set(i, (beta != 0 ? beta * c[i] : 0.F) + (bias != nullptr ? bias[i % n] : 0.F));
  }
};

/// d[i, column] += bias[column]: for a product that cannot add the bias itself.
struct AddBias {
  Index n;
  const float* bias;
  Stored<float> d;
  CTP_HD void operator()(Index i) const { d.set(i, d[i] + bias[i % n]); }
};

}  // namespace ctp::backend::cuda::kernel
