/// @file   benchmarks/cuda/synthetic_batch.cuh
/// @brief  A synthetic batch, and a model so small that overheads dominate the time.
#pragma once

#include <cstdint>

#include <ctp/cuda.cuh>
#include <ctp/testing/synthetic_batch.hpp>

namespace bench {

/// As in benchmarks/step.cpp: so little arithmetic that overheads dominate the time.
inline constexpr ctp::ModelConfig narrow{.image = 32,
                                         .patch = 16,
                                         .vision_width = 64,
                                         .vision_depth = 12,
                                         .vision_heads = 1,
                                         .vocab = 1000,
                                         .text_width = 64,
                                         .text_layers = 12,
                                         .fusion_layer = 6,
                                         .text_heads = 1,
                                         .intermediate = 256,
                                         .positions = 64,
                                         .embed = 64,
                                         .queue = 64};

/// Noise images as bytes and random tokens, 15 % of them masked; no padding.
inline ctp::data::Batch synthetic_batch(const ctp::ModelConfig& c, int size, int length = 30) {
  return ctp::testing::synthetic_batch(
      c, size, length,
      {.seed = 1, .masked = 15, .of = 100, .short_last_text = false, .pictures = ctp::data::Pictures::Pixels});
}

}  // namespace bench
