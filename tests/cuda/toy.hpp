/// A model and trainings small enough for any backend, without files or host libraries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
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
  ctp::RandomSubstream random(ctp::RandomStream(seed, "made batch"), {});
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
  std::vector<double> objective;  ///< contrast and masked language modelling only
  std::vector<double> weights;
};

/// Trains two tasks of `steps` steps on two batches in turn.
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
    learner.end_task();  // without batches: not for strategies that walk through the task again
  }
  const auto weights = learner.weights();
  result.weights.assign(weights.begin(), weights.end());
  return result;
}

/// Results of a training by learn(): with batches copied ahead, deferred reading of losses and replayed steps.
struct Learned {
  std::vector<double> loss;  ///< as reported to observers
  std::vector<float> weights;
  std::string error;  ///< of the step that was not finite, if any
};

/// Trains one task of two epochs of `steps` batches; with `bad`, a picture of the second epoch's middle batch is NaN.
template <class Strategy, class Backend>
Learned learn(int steps, int read_every, bool bad) {
  using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, Backend, typename Strategy::Projection>;
  class Source final : public ctp::data::BatchSource {
   public:
    Source(int steps, bool bad) : bad_(bad) {
      for (int i = 0; i < steps; ++i) list_.push_back(batch(sizes(), static_cast<std::uint64_t>(i) + 1));
      spoilt_ = list_[list_.size() / 2];
      std::vector<float> images(spoilt_.pixels.size(), std::numeric_limits<float>::quiet_NaN());
      spoilt_.pixels.clear();
      spoilt_.images = images;
    }
    [[nodiscard]] std::size_t steps() const override { return list_.size(); }
    void start(std::uint32_t epoch) override {
      epoch_ = epoch;
      at_ = 0;
    }
    const ctp::data::Batch* next() override {
      if (at_ == list_.size()) return nullptr;
      ctp::data::Batch& now = bad_ && epoch_ == 1 && at_ == list_.size() / 2 ? spoilt_ : list_[at_];
      ++at_;
      now.epoch = epoch_;
      return &now;
    }

   private:
    std::vector<ctp::data::Batch> list_;
    ctp::data::Batch spoilt_;
    bool bad_;
    std::uint32_t epoch_ = 0;
    std::size_t at_ = 0;
  };
  class Losses final : public ctp::Observer {
   public:
    void step_done(const ctp::StepReport& report) override { all.push_back(report.loss); }
    std::vector<double> all;
  };
  ctp::TrainOptions options{.epochs = 2, .rate = 5e-3};
  options.read_every = read_every;
  ctp::Learner<Strategy, Model> learner(Model(sizes()), options);
  Losses losses;
  learner.observe(losses);
  Learned result;
  Source source(steps, bad);
  try {
    learner.learn(source, "toy");
  } catch (const ctp::NumericError& error) {
    result.error = error.what();
  }
  result.loss = losses.all;
  result.weights = learner.weights();
  return result;
}

}  // namespace toy
