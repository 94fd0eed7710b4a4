// Compile cost of the smallest training: .ci/run limits this unit to 25 seconds and 2 GiB with g++ -O2.
#include <cstddef>
#include <cstdint>

#include <ctp/ctp.hpp>

namespace {

/// Pairs without a meaning: noise, and a text that is a function of the pair's number.
ctp::data::Batch synthetic_batch(const ctp::ModelConfig& c, int size, int length) {
  ctp::data::Batch batch;
  batch.resize(size, c.image, length);
  ctp::RandomSubstream random(ctp::RandomStream(7, "made batch"), {});
  for (float& x : batch.images) x = static_cast<float>(random.normal());
  for (std::size_t i = 0; i < batch.ids.size(); ++i) {
    const bool asked = i % 7 == 3;
    batch.attend[i] = 1;
    batch.ids[i] = 5 + static_cast<std::int32_t>(i % 90);
    batch.masked[i] = asked ? c.mask : batch.ids[i];
    batch.labels[i] = asked ? batch.ids[i] : ctp::data::ignore_label;
  }
  for (std::size_t i = 0; i < batch.sample.size(); ++i) batch.sample[i] = static_cast<std::uint32_t>(i);
  return batch;
}

}  // namespace

int main() {
  using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::Cpu>;
  ctp::ModelConfig config = ctp::sizes::tiny;
  config.vocab = 100;
  ctp::Learner<ctp::strategy::Ctp, Model> learner{Model(config)};
  const ctp::data::Batch batch = synthetic_batch(config, 8, 16);
  double first = 0, last = 0;
  for (int task = 0; task < 2; ++task) {
    learner.begin_task(4);
    for (int i = 0; i < 4; ++i) {
      last = learner.step(batch).loss;
      if (task == 0 && i == 0) first = last;
    }
    learner.end_task();
  }
  return last < first ? 0 : 1;
}
