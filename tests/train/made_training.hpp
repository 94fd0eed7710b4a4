#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <ctp/ctp.hpp>
#include <ctp/testing/synthetic_batch.hpp>

namespace test {

template <class Real>
using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::BasicCpu<Real>>;
using SeqF = ctp::Learner<ctp::strategy::SeqF, Model<float>>;
using Ctp = ctp::Learner<ctp::strategy::Ctp, Model<float>>;
using SeqFDouble = ctp::Learner<ctp::strategy::SeqF, Model<double>>;
using CtpDouble = ctp::Learner<ctp::strategy::Ctp, Model<double>>;

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

/// Everything an archive visits, as host values: a checkpoint without a file.
struct Snapshot {
  std::vector<std::pair<std::string, std::vector<double>>> values;
  template <class T, class B>
  void operator()(const std::string& name, ctp::Buffer<T, B>& buffer) {
    values.emplace_back(name, buffer.template to_host<double>());
  }
  template <class T>
  void operator()(const std::string& name, std::vector<T>& list) {
    values.emplace_back(name, std::vector<double>(list.begin(), list.end()));
  }
  template <class Number>
  void operator()(const std::string& name, Number& number) {
    values.emplace_back(name, std::vector<double>{static_cast<double>(number)});
  }
};
/// Writes a Snapshot back, in the same order.
struct Restore {
  const Snapshot& from;
  std::size_t at = 0;
  template <class T, class B>
  void operator()(const std::string&, ctp::Buffer<T, B>& buffer) {
    buffer.assign(from.values[at++].second);
  }
  template <class T>
  void operator()(const std::string&, std::vector<T>& list) {
    const std::vector<double>& values = from.values[at++].second;
    list.clear();
    for (const double value : values) list.push_back(static_cast<T>(value));
  }
  template <class Number>
  void operator()(const std::string&, Number& number) {
    number = static_cast<Number>(from.values[at++].second[0]);
  }
};
static_assert(ctp::Archive<ctp::HostSnapshot, ctp::Buffer<float, ctp::Cpu>, std::vector<std::uint32_t>>);
static_assert(ctp::Archive<Snapshot, ctp::Buffer<float, ctp::Cpu>, std::vector<std::uint32_t>>);
static_assert(ctp::Archive<Restore, ctp::Buffer<float, ctp::Cpu>, std::vector<std::uint32_t>>);
template <class Learner>
Snapshot snapshot(Learner& learner) {
  Snapshot all;
  learner.visit(all);
  return all;
}

}  // namespace test

// Compiled once, in learner.test.cpp.
extern template class ctp::Learner<ctp::strategy::SeqF, test::Model<float>>;
extern template class ctp::Learner<ctp::strategy::Ctp, test::Model<float>>;
