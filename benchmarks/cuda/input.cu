/// @file   benchmarks/cuda/input.cu
/// @brief  Input from the host: the upload of a batch, and steps that a loader feeds.
#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "steps.cuh"

namespace bench {

void upload(const Options& o) {
  const ctp::data::Batch batch = synthetic_batch(ctp::sizes::base, o.batch);
  ctp::DeviceBatch<B> device;
  const auto load = [&] { device.load(batch, ctp::sizes::base); };
  load();
  Line("batch_upload").with("batch", o.batch).with(wall_times(o.turns, load)).print();
}

/// Steps that a Loader feeds from pictures in memory, beside steps on one repeated batch. Both run the steps of one
/// epoch, so that neither captures its work again.
void input(const Options& o) {
  constexpr ctp::ModelConfig c = ctp::sizes::base;
  constexpr int length = 30, warm = 4;
  const ctp::data::Batch batch = synthetic_batch(c, o.batch, length);
  const auto picture = static_cast<std::ptrdiff_t>(batch.pixels.size()) / o.batch;
  const auto source = std::make_shared<ctp::data::MemorySource>();
  ctp::data::Task task{"made", source, {}};
  for (int i = 0; i < o.batch * (o.turns + warm); ++i) {
    ctp::data::Image image(c.image, c.image);
    std::copy_n(batch.pixels.begin() + i % o.batch * picture, picture, image.rgb.begin());
    const auto ids = batch.ids.begin() + i % o.batch * length;
    task.members.push_back(source->add(std::move(image), {ids, ids + length}));
  }
  const auto options = ctp::data::loader_options({.batch_size = o.batch, .augment = false, .workers = 8}, c, length);
  ctp::data::Loader loader(task, options);

  use(o.precisions.front());
  using Strategy = ctp::strategy::Ctp;
  ctp::Learner<Strategy, ModelFor<Strategy>> learner{ModelFor<Strategy>(c)};
  learner.begin_task(1U << 30U);
  learner.end_task();
  learner.begin_task(1U << 30U);
  const auto rate = [&](const auto& next) {
    for (int i = 0; i < warm; ++i) learner.step(*next());
    wait();
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < o.turns; ++i) learner.step(*next());
    wait();
    return o.batch * o.turns / std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  const double given = rate([&] { return &batch; });
  loader.start(0);
  const double fed = rate([&] { return loader.next(); });
  Line("input")
      .with("batch", o.batch)
      .with("precision", std::string(name_of(o.precisions.front())))
      .with("workers", options.workers)
      .with("pairs_per_second", fed)
      .with("of_one_batch", fed / given)
      .print();
}

}  // namespace bench
