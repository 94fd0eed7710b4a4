/// @file   benchmarks/cuda/synthetic_batch.cuh
/// @brief  A synthetic batch, and a model so small that overheads dominate the time.
#pragma once

#include <cstdint>

#include <ctp/cuda.cuh>
#include <ctp/testing/synthetic_batch.hpp>

#include "../narrow.hpp"

namespace bench {

/// Noise images as bytes and random tokens, 15 % of them masked; no padding.
inline ctp::data::Batch synthetic_batch(const ctp::ModelConfig& c, int size, int length = 30) {
  return ctp::testing::synthetic_batch(
      c, size, length,
      {.seed = 1, .masked = 15, .of = 100, .short_last_text = false, .pictures = ctp::data::Pictures::Pixels});
}

}  // namespace bench
