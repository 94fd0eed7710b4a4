/// @file   ctp/backend/cuda/kernel/elementary.hpp
/// @brief  Elementary functions in the few instructions that a device has for them.
/// @layer  backend
#pragma once

#include <cmath>

#include <ctp/config.hpp>
#include <ctp/core/functional.hpp>

namespace ctp::backend::cuda::kernel {

inline constexpr float log_2 = 0.69314718F, log2_e = 1.44269504F;

/// 2^x. **Errors.** relative error below 3e-7; a subnormal result is 0 on a device.
CTP_HD inline float exp2_of(float x) {
#if defined(__CUDA_ARCH__)
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
#else
  return std::exp2(x);
#endif
}

/// 1 / x. **Errors.** relative error below 2e-7; on a device that of a subnormal x is infinite, and a subnormal result
/// is 0.
CTP_HD inline float reciprocal_of(float x) {
#if defined(__CUDA_ARCH__)
  float y;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
#else
  return 1.F / x;
#endif
}

/// The lower tail of the normal distribution Phi at -|x|, with one power for Phi and its density.
///
/// Phi(-|x|) = e^(-x^2/2) T with T a polynomial in t = 1 / (1 + 0.331 |x|), the form of Hastings 1955. T, of degree 5,
/// and 0.331 have the least largest error of Phi, 7e-8.
struct NormalTail {
  float bell;   ///< e^(-x^2/2)
  float ratio;  ///< T

  CTP_HD explicit NormalTail(float x) : bell(exp2_of(-0.5F * log2_e * x * x)) {
    const float t = reciprocal_of(1.F + 0.331F * std::fabs(x));
    ratio = -0.110234566F;
    ratio = ratio * t + 0.374119867F;
    ratio = ratio * t - 0.0900151826F;
    ratio = ratio * t + 0.203860818F;
    ratio = ratio * t + 0.122269003F;
    ratio *= t;
  }
};

/// y if x < 0, else 1 - y, where y is bell * ratio. Far below 0 the result is 0: y may be subnormal.
CTP_HD inline float mirrored(float bell, float ratio, float x) { return 0.5F + std::copysign(0.5F - bell * ratio, x); }

/// fn::gelu(). **Errors.** in single precision, absolute error below 3e-7 max(1, |x|).
CTP_HD inline float gelu(float x) {
  const NormalTail tail(x);
  return x * mirrored(tail.bell, tail.ratio, x);
}
CTP_HD inline double gelu(double x) { return fn::gelu(x); }

/// fn::gelu_slope(). **Errors.** in single precision, absolute error below 5e-7.
CTP_HD inline float gelu_slope(float x) {
  const NormalTail tail(x);
  // The ratio ends with a product, too: fma() says which of the two is fused with the sum.
  return mirrored(tail.bell, std::fma(-0.39894228F, std::fabs(x), tail.ratio), x);
}
CTP_HD inline double gelu_slope(double x) { return fn::gelu_slope(x); }

}  // namespace ctp::backend::cuda::kernel
