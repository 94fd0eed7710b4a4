/// @file   ctp/testing/synthetic_batch.hpp
/// @brief  Synthetic batch, weights and model sizes, drawn from a seed.
/// @layer  testing
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <ctp/core/model_config.hpp>
#include <ctp/core/philox.hpp>
#include <ctp/data/batch.hpp>
#include <ctp/encoder/initialize.hpp>
#include <ctp/nn/layout.hpp>

namespace ctp::testing {

/// The smallest model with every kind of layer. Small, since central differences run the model four times per weight.
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

/// Options of synthetic_batch().
struct SyntheticBatchOptions {
  std::uint64_t seed = 0;
  std::uint32_t first_sample = 0;                    ///< ordinal of the first pair; the others follow
  std::uint32_t masked = 1, of = 3;                  ///< a token is masked with probability masked / of
  bool short_last_text = true;                       ///< the last text has tokens of padding
  data::Pictures pictures = data::Pictures::Floats;  ///< normal noise as floats, or uniform noise as bytes
};

/// @brief A batch of noise images and random tokens. At least one token, the second of the first text, is masked.
///
/// **Shapes.** as data::Batch: `pairs` images of the model's size, texts of `length` tokens.
inline data::Batch synthetic_batch(const ModelConfig& c, int pairs, int length,
                                   const SyntheticBatchOptions& options = {}) {
  data::Batch batch;
  batch.resize(pairs, c.image, length, options.pictures);
  RandomSubstream random(RandomStream(options.seed, "testing.batch"), {});
  for (float& x : batch.images) x = static_cast<float>(random.normal());
  for (std::uint8_t& byte : batch.pixels) byte = static_cast<std::uint8_t>(random.below(256));
  const auto tokens = static_cast<std::size_t>(length);
  for (std::size_t i = 0; i < batch.ids.size(); ++i) {
    const std::size_t place = i % tokens;
    const bool padding = options.short_last_text && i + 2 >= batch.ids.size() && place >= 2;
    const auto word = 5 + static_cast<std::int32_t>(random.below(static_cast<std::uint32_t>(c.vocab - 5)));
    const bool masked = place > 0 && !padding && (random.below(options.of) < options.masked || i == 1);
    batch.ids[i] = padding ? c.pad : place == 0 ? c.cls : word;
    batch.attend[i] = padding ? 0 : 1;
    batch.masked[i] = masked ? c.mask : batch.ids[i];
    batch.labels[i] = masked ? batch.ids[i] : data::ignore_label;
  }
  for (std::size_t b = 0; b < batch.sample.size(); ++b)
    batch.sample[b] = options.first_sample + static_cast<std::uint32_t>(b);
  return batch;
}

/// Initial weights plus normal noise of deviation 0.1, so that gains are not one and biases are not zero. Parameters
/// with limits stay within them.
inline std::vector<double> synthetic_weights(const Layout& layout, std::uint64_t seed) {
  std::vector<double> theta = initial_weights<double>(layout, seed);
  RandomSubstream random(RandomStream(seed, "testing.weights"), {});
  for (const ParameterInfo& p : layout.parameters())
    for (Index i = 0; i < p.size(); ++i) {
      double& weight = theta[static_cast<std::size_t>(p.offset + i)];
      weight = std::clamp(weight + 0.1 * random.normal(), p.least, p.most);
    }
  return theta;
}

}  // namespace ctp::testing
