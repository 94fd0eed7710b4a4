// A model's sizes and synthetic batches, for all tests of this folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <ctp/core/model_config.hpp>
#include <ctp/data/batch.hpp>
#include <ctp/testing/synthetic_batch.hpp>

namespace test {

/// As small as a model with every kind of layer can be.
inline constexpr ctp::ModelConfig micro{.image = 8,
                                        .patch = 4,
                                        .vision_width = 12,
                                        .vision_depth = 1,
                                        .vision_heads = 2,
                                        .vocab = 40,
                                        .text_width = 12,
                                        .text_layers = 2,
                                        .fusion_layer = 1,
                                        .text_heads = 2,
                                        .intermediate = 16,
                                        .positions = 8,
                                        .embed = 6,
                                        .queue = 10};

/// A synthetic batch without padding; sample b is pair `first` + b.
inline ctp::data::Batch synthetic_batch(const ctp::ModelConfig& c, int pairs, int length, std::uint64_t seed,
                                        std::uint32_t first = 0) {
  return ctp::testing::synthetic_batch(c, pairs, length,
                                       {.seed = seed, .first_sample = first, .short_last_text = false});
}

/// Batches from memory, the same in every epoch.
class Batches final : public ctp::data::BatchSource {
 public:
  Batches(const ctp::ModelConfig& c, std::size_t steps, int pairs, int length, std::uint64_t seed) {
    for (std::size_t s = 0; s < steps; ++s)
      list.push_back(synthetic_batch(c, pairs, length, seed * 100 + s,
                                     static_cast<std::uint32_t>(s) * static_cast<std::uint32_t>(pairs)));
  }
  [[nodiscard]] std::size_t steps() const override { return list.size(); }
  void start(std::uint32_t epoch) override {
    at_ = 0;
    for (auto& batch : list) batch.epoch = epoch;
  }
  const ctp::data::Batch* next() override { return at_ < list.size() ? &list[at_++] : nullptr; }
  [[nodiscard]] std::string sample_name(std::uint32_t ordinal) const override {
    return "pair_" + std::to_string(ordinal);
  }

  std::vector<ctp::data::Batch> list;

 private:
  std::size_t at_ = 0;
};

}  // namespace test
