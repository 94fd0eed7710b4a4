/// @file   ctp/backend/cuda/precision.hpp
/// @brief  In which numbers matrix products multiply.
/// @layer  backend - may include: core
#pragma once

namespace ctp {

/// Weights, gradients, accumulation, statistics, softmax and losses are single precision in all of them.
namespace precision {
struct Fp32 {};  ///< single precision throughout; tensor cores stay idle
struct Tf32 {};  ///< operands of products rounded to 10 bits of mantissa
struct Bf16 {};  ///< operands of products rounded to bfloat16, 7 bits of mantissa
}  // namespace precision

}  // namespace ctp
