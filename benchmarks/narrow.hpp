/// @file   benchmarks/narrow.hpp
/// @brief  The narrow model of the step benchmarks, on the CPU and on CUDA.
#pragma once

#include <ctp/core/model_config.hpp>

namespace bench {

/// 64 wide, one head of 64, 12 + 12 layers, five image tokens: so little arithmetic that overheads dominate the time.
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

}  // namespace bench
