/// @file   benchmarks/cuda/strategies.cu
/// @brief  Steps of other strategies than ctp, and EWC's estimation of the Fisher information.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "steps.cuh"

namespace bench {

namespace {

/// A task of one repeated batch that records the time of each batch.
class TimedBatches final : public ctp::data::BatchSource {
 public:
  TimedBatches(const ctp::data::Batch& batch, int steps) : batch_(batch), steps_(static_cast<std::size_t>(steps)) {}
  [[nodiscard]] std::size_t steps() const override { return steps_; }
  void start(std::uint32_t /*epoch*/) override { ends_.clear(); }
  const ctp::data::Batch* next() override {
    wait();
    ends_.push_back(std::chrono::steady_clock::now());
    return ends_.size() > steps_ ? nullptr : &batch_;
  }
  /// Times without the first `warm` batches.
  [[nodiscard]] Times times(std::size_t warm) const {
    std::vector<double> took;
    for (std::size_t i = warm; i + 1 < ends_.size(); ++i)
      took.push_back(std::chrono::duration<double, std::milli>(ends_[i + 1] - ends_[i]).count());
    return Times(std::move(took));
  }

 private:
  const ctp::data::Batch& batch_;
  std::size_t steps_;
  std::vector<std::chrono::steady_clock::time_point> ends_;
};

/// Time of one batch of EWC's pass at the end of a task: a gradient, squared and summed, without a step.
void fisher_pass(const Options& o) {
  using Strategy = ctp::strategy::Ewc;
  constexpr int warm = 3;
  const ctp::data::Batch batch = synthetic_batch(ctp::sizes::base, o.batch);
  TimedBatches task(batch, o.turns + warm);
  use(o.precisions.front());
  ctp::Learner<Strategy, ModelFor<Strategy>> learner{ModelFor<Strategy>(ctp::sizes::base)};
  learner.begin_task(task.steps());
  learner.end_task(&task);
  Line("fisher_pass")
      .with("batch", o.batch)
      .with("precision", std::string(name_of(o.precisions.front())))
      .with(task.times(warm))
      .print();
}

}  // namespace

void strategies(const Options& o) {
  const std::vector<Choice> first = {o.precisions.front()};
  time_steps_that_fit<ctp::strategy::SeqF>("base", ctp::sizes::base, o.batch, true, o.turns, first);
  time_steps_that_fit<ctp::strategy::Ewc>("base", ctp::sizes::base, o.batch, true, o.turns, first);
  time_steps_that_fit<ctp::strategy::Si>("base", ctp::sizes::base, o.batch, true, o.turns, first);
  time_steps_that_fit<ctp::strategy::Lwf>("base", ctp::sizes::base, o.batch, true, o.turns, first);
  fisher_pass(o);
}

}  // namespace bench
