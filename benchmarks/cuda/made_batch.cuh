/// @file   benchmarks/cuda/made_batch.cuh
/// @brief  A synthetic batch, and a model so small that launch overhead dominates.
#pragma once

#include <cstdint>

#include <ctp/cuda.cuh>

namespace bench {

/// The model of benchmarks/step.cpp: so little arithmetic that launch overhead dominates.
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

/// Pictures of noise, random words without padding, 15 % of them masked.
inline ctp::data::Batch made_batch(const ctp::ModelConfig& c, int size, int length = 30) {
  ctp::data::Batch batch;
  batch.resize(size, c.image, length, ctp::data::Pictures::Pixels);
  ctp::RandomSubstream random(ctp::RandomStream(1, "made batch"), {});
  for (std::uint8_t& byte : batch.pixels) byte = static_cast<std::uint8_t>(random.below(256));
  for (std::size_t i = 0; i < batch.ids.size(); ++i) {
    const bool first = i % static_cast<std::size_t>(length) == 0;
    const bool masked = !first && random.below(100) < 15;
    batch.attend[i] = 1;
    batch.ids[i] = first ? c.cls : 5 + static_cast<std::int32_t>(random.below(static_cast<std::uint32_t>(c.vocab - 5)));
    batch.masked[i] = masked ? c.mask : batch.ids[i];
    batch.labels[i] = masked ? batch.ids[i] : ctp::data::ignore_label;
  }
  for (std::size_t i = 0; i < batch.sample.size(); ++i) batch.sample[i] = static_cast<std::uint32_t>(i);
  return batch;
}

}  // namespace bench
