/// A model and a training small enough for any backend, without a file or a host library.
#pragma once

#include <cstdint>
#include <vector>

#include <ctp/core/philox.hpp>
#include <ctp/encoder/bert.hpp>
#include <ctp/encoder/model.hpp>
#include <ctp/encoder/vit.hpp>
#include <ctp/train/learner.hpp>

namespace toy {

inline ctp::ModelConfig sizes() {
  ctp::ModelConfig c = ctp::sizes::tiny;
  c.image = 16;
  c.vision_width = c.text_width = 12;
  c.vision_depth = c.text_layers = 2;
  c.fusion_layer = 1;
  c.intermediate = 24;
  c.vocab = 40;
  c.positions = 8;
  c.embed = 8;
  c.queue = 9;
  return c;
}

inline ctp::data::Batch batch(const ctp::ModelConfig& c, std::uint64_t seed) {
  ctp::data::Batch made;
  made.resize(3, c.image, 6, ctp::data::Pictures::Pixels);
  ctp::RandomLane random(ctp::RandomStream(seed, "made batch"), {});
  for (std::uint8_t& byte : made.pixels) byte = static_cast<std::uint8_t>(random.below(256));
  for (std::size_t i = 0; i < made.ids.size(); ++i) {
    const bool asked = i % 5 == 2;
    made.attend[i] = 1;
    made.ids[i] = 5 + static_cast<std::int32_t>(random.below(30));
    made.masked[i] = asked ? c.mask : made.ids[i];
    made.labels[i] = asked ? made.ids[i] : ctp::data::ignore_label;
  }
  for (std::size_t i = 0; i < made.sample.size(); ++i) made.sample[i] = static_cast<std::uint32_t>(i);
  return made;
}

struct Result {
  std::vector<double> loss;       ///< of every step
  std::vector<double> objective;  ///< contrast and words alone
  std::vector<float> weights;
};

/// Two tasks of `steps` steps on two batches in turn.
template <class Strategy, class Backend>
Result train(int steps) {
  using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, Backend, typename Strategy::Projection>;
  ctp::TrainOptions options;
  options.rate = 5e-3;
  ctp::Learner<Strategy, Model> learner(Model(sizes()), options);
  const ctp::data::Batch pairs[] = {batch(sizes(), 1), batch(sizes(), 2)};
  Result result;
  for (int task = 0; task < 2; ++task) {
    learner.begin_task(static_cast<std::uint64_t>(steps));
    for (int i = 0; i < steps; ++i) {
      const ctp::StepReport report = learner.step(pairs[i % 2]);
      result.loss.push_back(report.loss);
      result.objective.push_back(report.parts[0].second + report.parts[1].second);
    }
    learner.end_task();  // without batches: not for a strategy that walks through the task again
  }
  result.weights = learner.weights();
  return result;
}

}  // namespace toy
