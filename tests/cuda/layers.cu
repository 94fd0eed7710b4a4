// The layers above backend/ as nvcc sees them: every header of theirs, and whole training steps on a backend without
// Eigen. The gate compiles this unit; run it, and it ends with 0 if two tasks were learned.
#include <ctp/autograd/arithmetic.hpp>
#include <ctp/autograd/attention.hpp>
#include <ctp/autograd/embedding.hpp>
#include <ctp/autograd/layer_norm.hpp>
#include <ctp/autograd/linear.hpp>
#include <ctp/autograd/losses.hpp>
#include <ctp/autograd/pass.hpp>
#include <ctp/autograd/rows.hpp>
#include <ctp/autograd/scores.hpp>
#include <ctp/autograd/tape.hpp>
#include <ctp/distill/masked_language.hpp>
#include <ctp/distill/none.hpp>
#include <ctp/distill/topology.hpp>
#include <ctp/encoder/bert.hpp>
#include <ctp/encoder/initialize.hpp>
#include <ctp/encoder/model.hpp>
#include <ctp/encoder/text_input.hpp>
#include <ctp/encoder/vit.hpp>
#include <ctp/encoder/weights.hpp>
#include <ctp/momentum/compatible.hpp>
#include <ctp/momentum/ema.hpp>
#include <ctp/momentum/none.hpp>
#include <ctp/nn/bert_block.hpp>
#include <ctp/nn/layers.hpp>
#include <ctp/nn/layout.hpp>
#include <ctp/nn/vit_block.hpp>
#include <ctp/objective/all.hpp>
#include <ctp/objective/in_batch_contrast.hpp>
#include <ctp/objective/masked_language.hpp>
#include <ctp/objective/momentum_contrast.hpp>
#include <ctp/optim/adamw.hpp>
#include <ctp/optim/cosine.hpp>
#include <ctp/penalty/importance.hpp>
#include <ctp/penalty/none.hpp>
#include <ctp/rehearsal/everything.hpp>
#include <ctp/rehearsal/none.hpp>
#include <ctp/strategy/ctp.hpp>
#include <ctp/strategy/jointt.hpp>
#include <ctp/strategy/seqf.hpp>
#include <ctp/tensor/arena.hpp>
#include <ctp/tensor/buffer.hpp>
#include <ctp/tensor/tensor.hpp>
#include <ctp/train/device_batch.hpp>
#include <ctp/train/extract.hpp>
#include <ctp/train/learner.hpp>
#include <ctp/train/observer.hpp>
#include <ctp/train/options.hpp>
#include <ctp/train/outputs.hpp>
#include <ctp/train/step.hpp>
#include <ctp/train/thetas.hpp>

#include <test_backend.hpp>

namespace {

using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::test::TestBackend<float>>;

ctp::ModelConfig toy() {
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

ctp::data::Batch made_batch(const ctp::ModelConfig& c) {
  ctp::data::Batch batch;
  batch.resize(3, c.image, 6);
  ctp::RandomLane random(ctp::RandomStream(1, "made batch"), {});
  for (float& x : batch.images) x = static_cast<float>(random.normal());
  for (std::size_t i = 0; i < batch.ids.size(); ++i) {
    const bool asked = i % 5 == 2;
    batch.attend[i] = 1;
    batch.ids[i] = 5 + static_cast<std::int32_t>(random.below(30));
    batch.masked[i] = asked ? c.mask : batch.ids[i];
    batch.labels[i] = asked ? batch.ids[i] : ctp::data::ignore_label;
  }
  for (std::size_t i = 0; i < batch.sample.size(); ++i) batch.sample[i] = static_cast<std::uint32_t>(i);
  return batch;
}

/// The loss at the end of two tasks.
template <class Strategy>
double train() {
  constexpr int steps = 20;
  ctp::TrainOptions options;
  options.rate = 5e-3;
  ctp::Learner<Strategy, Model> learner(Model(toy()), options);
  const ctp::data::Batch batch = made_batch(toy());
  double loss = 0;
  for (int task = 0; task < 2; ++task) {
    learner.begin_task(steps);
    for (int i = 0; i < steps; ++i) loss = learner.step(batch).loss;
    learner.end_task();
  }
  return loss;
}

}  // namespace

int main() {
  // log 3 + log 40 is what a model that knows nothing gets from the contrast and the words.
  return train<ctp::strategy::SeqF>() < 2.4 && std::isfinite(train<ctp::strategy::Ctp>()) ? 0 : 1;
}
