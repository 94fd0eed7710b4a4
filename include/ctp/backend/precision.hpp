/// @file   ctp/backend/precision.hpp
/// @brief  In which numbers matrix products multiply.
/// @layer  backend
#pragma once

namespace ctp {

/// Weights, gradients, accumulation, statistics, softmax and losses are single precision in all of them.
namespace precision {
struct Fp32 {};  ///< single precision throughout; tensor cores stay idle
struct Tf32 {};  ///< operands of products rounded to 10 bits of mantissa
struct Bf16 {};  ///< operands of products rounded to bfloat16, 7 bits of mantissa

/// Which of them, for a program that is told when it runs.
enum class Choice { Fp32, Tf32, Bf16 };
struct AtRunTime {};  ///< the current context's Choice, looked up at every product
}  // namespace precision

}  // namespace ctp
