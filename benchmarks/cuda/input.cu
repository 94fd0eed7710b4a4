/// @file   benchmarks/cuda/input.cu
/// @brief  Input from the host: the upload of a batch, and training that a loader feeds.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "steps.cuh"

namespace bench {

void upload(const Options& o) {
  const ctp::data::Batch batch = synthetic_batch(ctp::sizes::base, o.batch);
  ctp::DeviceBatch<B> device;
  const auto load = [&] { device.load(batch, ctp::sizes::base); };
  load();
  Line("batch_upload").with("batch", o.batch).with(wall_times(o.turns, load)).print();
}

/// Time of each report of a step.
class ReportTimes final : public ctp::Observer {
 public:
  void step_done(const ctp::StepReport& /*report*/) override { at_.push_back(std::chrono::steady_clock::now()); }
  /// Milliseconds of a step after the first `warm` of them, which are reported at once, as are the last.
  [[nodiscard]] double milliseconds_of_step(std::size_t warm) const {
    const std::chrono::duration<double, std::milli> took = at_.back() - at_.at(warm - 1);
    return took.count() / static_cast<double>(at_.size() - warm);
  }

 private:
  std::vector<std::chrono::steady_clock::time_point> at_;
};

/// One batch, `steps` times an epoch.
class Repeated final : public ctp::data::BatchSource {
 public:
  Repeated(const ctp::data::Batch& batch, std::size_t steps) : batch_(batch), steps_(steps) {}
  [[nodiscard]] std::size_t steps() const override { return steps_; }
  void start(std::uint32_t /*epoch*/) override { given_ = 0; }
  const ctp::data::Batch* next() override { return given_++ < steps_ ? &batch_ : nullptr; }

 private:
  const ctp::data::Batch& batch_;
  std::size_t steps_, given_ = 0;
};

/// Training as programs train, without waiting for each step: on one repeated batch, and fed by a Loader from pictures
/// in memory.
void input(const Options& o) {
  constexpr ctp::ModelConfig c = ctp::sizes::base;
  constexpr int length = 30, read_every = 16, warm = read_every;
  const int steps = warm + (o.turns + read_every - 1) / read_every * read_every;
  const ctp::data::Batch batch = synthetic_batch(c, o.batch, length);
  const auto picture = static_cast<std::ptrdiff_t>(batch.pixels.size()) / o.batch;
  const auto source = std::make_shared<ctp::data::MemorySource>();
  ctp::data::Task task{"made", source, {}};
  for (int i = 0; i < o.batch * steps; ++i) {
    ctp::data::Image image(c.image, c.image);
    std::copy_n(batch.pixels.begin() + i % o.batch * picture, picture, image.rgb.begin());
    const auto ids = batch.ids.begin() + i % o.batch * length;
    task.members.push_back(source->add(std::move(image), {ids, ids + length}));
  }
  const auto options = ctp::data::loader_options({.batch_size = o.batch, .augment = false, .workers = 8}, c, length);
  ctp::data::Loader loader(task, options);
  Repeated repeated(batch, static_cast<std::size_t>(steps));

  use(o.precisions.front());
  using Strategy = ctp::strategy::Ctp;
  ctp::TrainOptions train;
  train.epochs = 1;
  train.read_every = read_every;
  train.read_seconds = 1e9;  // so that the groups of reports are those of read_every
  const auto milliseconds = [&](ctp::data::BatchSource& batches) {
    ctp::Learner<Strategy, ModelFor<Strategy>> learner(ModelFor<Strategy>(c), train);
    learner.begin_task(1U << 30U);
    learner.end_task();
    ReportTimes times;
    learner.observe(times);
    learner.learn(batches, "made");
    return times.milliseconds_of_step(warm);
  };
  const double given = milliseconds(repeated), fed = milliseconds(loader);
  Line("training")
      .with("batch", o.batch)
      .with("precision", std::string(name_of(o.precisions.front())))
      .with("mean_ms", given)
      .with("pairs_per_second", 1e3 * o.batch / given)
      .print();
  Line("input")
      .with("batch", o.batch)
      .with("precision", std::string(name_of(o.precisions.front())))
      .with("workers", options.workers)
      .with("pairs_per_second", 1e3 * o.batch / fed)
      .with("of_one_batch", given / fed)
      .print();
}

}  // namespace bench
