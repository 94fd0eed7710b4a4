/// @file   ctp/core/rounded_product.hpp
/// @brief  Product without fused multiply-add.
/// @layer  core
#pragma once

namespace ctp {

/// @brief a * b, rounded to double.
///
/// A compiler may contract a product and a sum into a fused multiply-add, which rounds once. Pixel arithmetic that must
/// be bit-identical to Pillow and OpenCV on every machine needs the product rounded first.
inline double rounded_product(double a, double b) {
  volatile double product = a * b;  // a compiler must not remove the volatile store
  return product;
}

}  // namespace ctp
