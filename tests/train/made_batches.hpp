// A model's sizes and synthetic batches, for all tests of this folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <ctp/core/model_config.hpp>
#include <ctp/core/philox.hpp>
#include <ctp/data/batch.hpp>

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

/// A batch drawn from `seed`; sample b is pair `first` + b. About every third word of the text is masked.
inline ctp::data::Batch made_batch(const ctp::ModelConfig& c, int pairs, int length, std::uint64_t seed,
                                   std::uint32_t first = 0) {
  ctp::data::Batch batch;
  batch.resize(pairs, c.image, length);
  ctp::RandomLane random(ctp::RandomStream(seed, "made_batch"), {});
  for (float& x : batch.images) x = static_cast<float>(random.normal());
  for (std::size_t i = 0; i < batch.ids.size(); ++i) {
    const auto place = i % static_cast<std::size_t>(length);
    batch.ids[i] =
        place == 0 ? c.cls : 5 + static_cast<std::int32_t>(random.below(static_cast<std::uint32_t>(c.vocab - 5)));
    batch.attend[i] = 1;
    const bool asked = place > 0 && random.below(3) == 0;
    batch.masked[i] = asked ? c.mask : batch.ids[i];
    batch.labels[i] = asked ? batch.ids[i] : ctp::data::ignore_label;
  }
  for (std::size_t b = 0; b < batch.sample.size(); ++b) batch.sample[b] = first + static_cast<std::uint32_t>(b);
  return batch;
}

/// Batches from memory, the same in every epoch.
class Batches final : public ctp::data::BatchSource {
 public:
  Batches(const ctp::ModelConfig& c, std::size_t steps, int pairs, int length, std::uint64_t seed) {
    for (std::size_t s = 0; s < steps; ++s)
      list.push_back(made_batch(c, pairs, length, seed * 100 + s,
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
