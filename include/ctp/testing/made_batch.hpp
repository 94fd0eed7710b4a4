/// @file   ctp/testing/made_batch.hpp
/// @brief  A batch, weights and sizes for checks, made from numbers alone.
/// @layer  testing
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <ctp/core/model_config.hpp>
#include <ctp/core/philox.hpp>
#include <ctp/data/batch.hpp>
#include <ctp/encoder/initialize.hpp>
#include <ctp/nn/layout.hpp>

namespace ctp::testing {

/// As small as a model with every kind of layer can be: differences ask for four runs for each of its weights.
inline constexpr ModelConfig micro{.image = 4,
                                   .patch = 2,
                                   .vision_width = 8,
                                   .vision_depth = 1,
                                   .vision_heads = 2,
                                   .vocab = 16,
                                   .text_width = 8,
                                   .text_layers = 2,
                                   .fusion_layer = 1,
                                   .text_heads = 2,
                                   .intermediate = 8,
                                   .positions = 6,
                                   .embed = 4,
                                   .queue = 8};

/// @brief Pictures and texts drawn from `seed`. About every third word is masked, at least one; the last text is short.
inline data::Batch made_batch(const ModelConfig& c, int pairs, int length, std::uint64_t seed) {
  data::Batch batch;
  batch.resize(pairs, c.image, length);
  RandomSubstream random(RandomStream(seed, "testing.batch"), {});
  for (float& x : batch.images) x = static_cast<float>(random.normal());
  const auto tokens = static_cast<std::size_t>(length);
  for (std::size_t i = 0; i < batch.ids.size(); ++i) {
    const std::size_t place = i % tokens;
    const bool padding = i + 2 >= batch.ids.size() && place >= 2;
    const auto word = 5 + static_cast<std::int32_t>(random.below(static_cast<std::uint32_t>(c.vocab - 5)));
    const bool masked = place > 0 && !padding && (random.below(3) == 0 || i == 1);
    batch.ids[i] = padding ? c.pad : place == 0 ? c.cls : word;
    batch.attend[i] = padding ? 0 : 1;
    batch.masked[i] = masked ? c.mask : batch.ids[i];
    batch.labels[i] = masked ? batch.ids[i] : data::ignore_label;
  }
  for (std::size_t b = 0; b < batch.sample.size(); ++b) batch.sample[b] = static_cast<std::uint32_t>(b);
  return batch;
}

/// Weights as a training starts with, each moved a little, so that gains are not one and biases are not zero.
inline std::vector<double> made_weights(const Layout& layout, std::uint64_t seed) {
  std::vector<double> theta = initial_weights<double>(layout, seed);
  RandomSubstream random(RandomStream(seed, "testing.weights"), {});
  for (const ParameterInfo& p : layout.parameters())
    for (Index i = 0; i < p.size(); ++i) theta[static_cast<std::size_t>(p.offset + i)] += 0.1 * random.normal();
  return theta;
}

}  // namespace ctp::testing
