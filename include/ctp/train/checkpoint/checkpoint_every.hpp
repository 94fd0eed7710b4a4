/// @file   ctp/train/checkpoint/checkpoint_every.hpp
/// @brief  Observer that saves checkpoints of a training.
/// @layer  train
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include <ctp/core/error.hpp>
#include <ctp/io/checkpoint/checkpoint.hpp>
#include <ctp/tensor/named.hpp>
#include <ctp/train/checkpoint/facts.hpp>
#include <ctp/train/observer.hpp>
#include <ctp/train/position.hpp>
#include <ctp/train/state_archive.hpp>

namespace ctp {

/// When a CheckpointEvery saves.
struct CheckpointPlan {
  std::uint64_t steps = 0;  ///< between two checkpoints; 0: not by steps
  double seconds = 1800;    ///< between two checkpoints; 0: not by time
  /// Adds facts of the program to those of training_facts(). May be empty.
  std::function<void(io::CheckpointFacts& facts)> add_facts = {};
};

/// @brief Observer that saves checkpoints: after every `steps` steps, every `seconds`, and at the end of each task.
///
/// The training stops for a copy of its state in memory; a thread writes the copy. If the checkpoint before is still
/// being written, a checkpoint by steps waits for it, and a checkpoint by time is put off. At the end of a task the
/// training waits until the checkpoint is on the disk.
/// **Errors.** ResourceError out of the training when a checkpoint could not be written; the earlier ones stay.
template <class Learner, class... Others>
class CheckpointEvery final : public Observer {
 public:
  /// `learner`, `writer` and `others` must outlive the observer. `writer`: an io::CheckpointWriter. `others`: what
  /// changes beside the learner and has a `visit`.
  CheckpointEvery(Learner& learner, io::CheckpointSink& writer, CheckpointPlan plan, Others&... others)
      : learner_(learner), writer_(writer), plan_(std::move(plan)), others_(others...) {}

  void task_begins(std::uint32_t /*task*/, const std::string& /*name*/, std::uint64_t /*steps*/) override {
    if (!saved_step_) saved_step_ = learner_.place().step;
  }
  void between_steps(const Position& place) override {
    if (!place.in_task) return save_now();
    const bool by_steps = plan_.steps > 0 && place.step / plan_.steps > saved_step_.value_or(0) / plan_.steps;
    const bool by_time =
        plan_.seconds > 0 && std::chrono::duration<double>(Clock::now() - saved_).count() >= plan_.seconds;
    if (by_steps || (by_time && !writer_.busy())) begin();
  }
  /// Saves, and waits until the checkpoint is on the disk. An earlier checkpoint that could not be written does not
  /// count: this one takes its place. To be called where Learner::state() may be.
  void save_now() {
    try {
      writer_.wait();
    } catch (const ResourceError&) {
      saved_step_.reset();
    }
    begin();
    writer_.wait();
  }

 private:
  using Clock = std::chrono::steady_clock;

  void begin() {
    writer_.wait();  // before the copy: one copy at a time
    io::CheckpointFacts facts = training_facts(learner_);
    if (plan_.add_facts) plan_.add_facts(facts);
    const std::uint64_t step = learner_.place().step;
    TensorFile state{std::apply([&](auto&... others) { return learner_.state(others...).tensors(); }, others_), {}, {}};
    writer_.submit(step, std::move(facts), std::move(state));
    saved_step_ = step;
    saved_ = Clock::now();
  }

  Learner& learner_;
  io::CheckpointSink& writer_;
  CheckpointPlan plan_;
  std::tuple<Others&...> others_;
  std::optional<std::uint64_t> saved_step_;  ///< of the last checkpoint, or where the training began
  Clock::time_point saved_ = Clock::now();
};

}  // namespace ctp
