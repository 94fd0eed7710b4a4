/// @file   ctp/data/image/rounded_product.hpp
/// @brief  A product that is rounded before anything is added to it.
/// @layer  data
#pragma once

namespace ctp::data {

/// @brief a * b, rounded to double.
///
/// Compilers may merge a product and a sum into one operation with one rounding, and do so as soon as the machine has
/// one. Pixel arithmetic that must give the same bits everywhere, and the bits of Pillow and OpenCV, cannot have that.
inline double rounded_product(double a, double b) {
  volatile double product = a * b;  // the store is what no compiler may optimise away
  return product;
}

}  // namespace ctp::data
