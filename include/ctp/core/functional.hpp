/// @file   ctp/core/functional.hpp
/// @brief  Elementary functions, written once for host and device, without branches so that loops over them vectorise.
/// @layer  core
#pragma once

#include <cmath>
#include <cstdint>

#include <ctp/config.hpp>

namespace ctp::fn {

/// e^x. Below -87.3 the result is 0: a subnormal result would slow every product with it a hundredfold. Above 88.7 the
/// result is about 3.3e38.
///
/// **Errors.**  relative error below 2e-7.
/// **Source.**  Cody and Waite 1980: x = n log 2 + r, polynomial in r, exponent bits for 2^n.
CTP_HD inline float exp(float x) {
  const float keep = x < -87.3F ? 0.F : 1.F;
  x = x < -87.3F ? -87.3F : x;
  x = x > 88.7F ? 88.7F : x;
  const float shifted = x * 1.44269504F + 12582912.F;  // adding 1.5 * 2^23 rounds to an integer in the low bits
  const float n = shifted - 12582912.F;
  float r = x - n * 0.693359375F;
  r = r + n * 2.12194440e-4F;
  float p = 1.F / 5040.F;
  p = p * r + 1.F / 720.F;
  p = p * r + 1.F / 120.F;
  p = p * r + 1.F / 24.F;
  p = p * r + 1.F / 6.F;
  p = p * r + 0.5F;
  p = p * r + 1.F;
  p = p * r + 1.F;
  // 2^128 would overflow the exponent field at the upper end, so the power is applied as two factors of half the
  // exponent.
  const std::int32_t power = __builtin_bit_cast(std::int32_t, shifted) - __builtin_bit_cast(std::int32_t, 12582912.F);
  const std::int32_t half = power >> 1;
  return keep * p * __builtin_bit_cast(float, (half + 127) << 23) *
         __builtin_bit_cast(float, (power - half + 127) << 23);
}
CTP_HD inline double exp(double x) { return std::exp(x); }

/// Gauss's error function. **Errors.** absolute error below 5e-7.
///
/// x P(x^2) / Q(x^2) with P of degree 6 and Q of degree 4, fitted to erf on [0, 3.9] by weighted least squares.
CTP_HD inline float erf(float x) {
  x = x < -3.9F ? -3.9F : x;
  x = x > 3.9F ? 3.9F : x;
  const float u = x * x;
  float p = 2.014839139974356e-08F;
  p = p * u - 1.963265503945877e-06F;
  p = p * u + 0.00014060901594348252F;
  p = p * u + 0.003632639767602086F;
  p = p * u + 0.05034598335623741F;
  p = p * u + 0.1981901228427887F;
  p = p * u + 1.1283791065216064F;
  float q = 0.0009406720637343824F;
  q = q * u + 0.014208558015525341F;
  q = q * u + 0.11428416520357132F;
  q = q * u + 0.5089731812477112F;
  q = q * u + 1.F;
  return x * p / q;
}
CTP_HD inline double erf(double x) { return std::erf(x); }

/// x Phi(x), with Phi the normal distribution function. **Source.** Hendrycks and Gimpel 2016, arXiv:1606.08415 (erf
/// form).
template <class Real>
CTP_HD inline Real gelu(Real x) {
  return Real(0.5) * x * (Real(1) + fn::erf(x * Real(0.70710678118654752)));
}

/// d gelu / dx = Phi(x) + x phi(x).
template <class Real>
CTP_HD inline Real gelu_slope(Real x) {
  return Real(0.5) * (Real(1) + fn::erf(x * Real(0.70710678118654752))) +
         x * Real(0.39894228040143268) * fn::exp(Real(-0.5) * x * x);
}

/// 1 / (1 + e^-x).
template <class Real>
CTP_HD inline Real sigmoid(Real x) {
  return Real(1) / (Real(1) + fn::exp(-x));
}

/// d sigmoid / dx = sigmoid(x) sigmoid(-x), accurate for a large |x|, too.
template <class Real>
CTP_HD inline Real sigmoid_slope(Real x) {
  const Real small = fn::exp(x > Real(0) ? -x : x), whole = Real(1) + small;
  return small / (whole * whole);
}

/// log(1 + e^x), without overflow.
template <class Real>
CTP_HD inline Real softplus(Real x) {
  return (x > Real(0) ? x : Real(0)) + std::log1p(fn::exp(x > Real(0) ? -x : x));
}

}  // namespace ctp::fn
