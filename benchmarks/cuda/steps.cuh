/// @file   benchmarks/cuda/steps.cuh
/// @brief  Times of whole steps of any strategy.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "parts.cuh"
#include "synthetic_batch.cuh"

namespace bench {

template <class Strategy>
using ModelFor = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, B, typename Strategy::Projection>;

/// A task of one batch, for strategies that walk through a task at its end.
class OneBatch final : public ctp::data::BatchSource {
 public:
  explicit OneBatch(const ctp::data::Batch& batch) : batch_(batch) {}
  [[nodiscard]] std::size_t steps() const override { return 1; }
  void start(std::uint32_t /*epoch*/) override { given_ = false; }
  const ctp::data::Batch* next() override {
    if (given_) return nullptr;
    given_ = true;
    return &batch_;
  }

 private:
  const ctp::data::Batch& batch_;
  bool given_ = false;
};

inline double free_mebibytes() {
  std::size_t free = 0, total = 0;
  check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
  return static_cast<double>(free) / 1048576;
}

/// Trainings on their second task, so that every teacher and penalty runs, in each precision in turn.
template <class Strategy>
void time_steps(const char* size, const ctp::ModelConfig& config, int pairs, bool recorded, int turns,
                const std::vector<Choice>& precisions) {
  const ctp::data::Batch batch = synthetic_batch(config, pairs);
  OneBatch source(batch);
  ctp::TrainOptions options;
  options.capture_steps = recorded;
  constexpr std::uint64_t many = 1U << 30U;
  Context::current().converted(1);  // creates the context: its memory does not count as the step's
  const double before = free_mebibytes();
  use(precisions.front());
  ctp::Learner<Strategy, ModelFor<Strategy>> learner(ModelFor<Strategy>(config), options);
  learner.begin_task(many);
  learner.end_task(&source);
  learner.begin_task(many);
  for (const Choice precision : precisions) {
    use(precision);
    double loss = 0;
    const auto step = [&] { loss = learner.step(batch).loss; };
    for (int i = 0; i < 4; ++i) step();
    const Times times = wall_times(turns, step);
    Line line("step");
    line.with("strategy", std::string(Strategy::name))
        .with("size", std::string(size))
        .with("batch", pairs)
        .with("precision", std::string(name_of(precision)))
        .with("recorded", recorded && learner.capture_failure().empty())
        .with(times)
        .with("pairs_per_second", 1e3 * pairs / times.median())
        .with("memory_mib", before - free_mebibytes())
        .with("loss", loss);
    if (!learner.capture_failure().empty()) line.with("capture_failure", learner.capture_failure());
    line.print();
  }
}

/// time_steps() with the largest batch of `pairs`, pairs / 2, pairs / 4, ... that fits.
template <class Strategy>
void time_steps_that_fit(const char* size, const ctp::ModelConfig& config, int pairs, bool recorded, int turns,
                         const std::vector<Choice>& precisions) {
  for (; pairs > 0; pairs /= 2) try {
      return time_steps<Strategy>(size, config, pairs, recorded, turns, precisions);
    } catch (const ctp::ResourceError& error) {
      wait();
      Line("does_not_fit")
          .with("strategy", std::string(Strategy::name))
          .with("batch", pairs)
          .with("found", std::string(error.what()))
          .print();
    }
}

}  // namespace bench
