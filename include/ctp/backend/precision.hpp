/// @file   ctp/backend/precision.hpp
/// @brief  Precision of the operands of matrix products.
/// @layer  backend
#pragma once

namespace ctp {

/// Precisions. Weights, gradients, accumulation, statistics, softmax and losses are single precision in each.
namespace precision {
struct Fp32 {};  ///< single precision throughout; tensor cores stay idle
struct Tf32 {};  ///< operands of products rounded to 10 bits of mantissa
struct Bf16 {};  ///< operands of products rounded to bfloat16, 7 bits of mantissa

/// A precision selected at run time.
enum class Choice { Fp32, Tf32, Bf16 };
struct AtRunTime {};  ///< the current context's Choice, read at every product
}  // namespace precision

}  // namespace ctp
