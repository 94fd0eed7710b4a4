/// @file   ctp/train/observer.hpp
/// @brief  Observer interface of a training: reports of tasks and steps.
/// @layer  train
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include <ctp/data/batch.hpp>
#include <ctp/train/guard/step_fault.hpp>
#include <ctp/train/position.hpp>

namespace ctp {

/// Position and losses of one step.
struct StepReport {
  std::uint32_t task = 0, epoch = 0;
  std::uint64_t step = 0;         ///< within the task, from 0
  std::uint64_t global_step = 0;  ///< since the training began, from 0
  std::uint64_t steps = 0;        ///< of the whole task
  double rate = 0;
  double loss = 0;                                             ///< weighted sum of the loss parts
  std::span<const std::pair<const char*, double>> parts = {};  ///< by policy, unweighted
  int pairs = 0;                                               ///< in the batch
  /// Length of the gradient of loss and penalty over all parameters that are not frozen, before clipping; NaN without
  /// TrainOptions::clip_norm and without a search for spikes.
  double gradient_norm = std::numeric_limits<double>::quiet_NaN();
};

/// @brief The Learner calls an observer before each task, after each step, and asks it after each epoch whether the
/// task ends. The default functions do nothing.
///
/// Each step is reported once, in order. On a GPU, reports come for several steps at a time (TrainOptions::read_every):
/// the learner may then be a few steps ahead of the reported step.
class Observer {
 public:
  Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  virtual ~Observer() = default;

  virtual void task_begins(std::uint32_t /*task*/, const std::string& /*name*/, std::uint64_t /*steps*/) {}
  /// In place of task_begins(), for a task that goes on from a restored state.
  virtual void task_resumes(std::uint32_t task, const std::string& name, std::uint64_t steps) {
    task_begins(task, name, steps);
  }
  /// After task_begins(), if each epoch of the task leaves out `pairs` pairs as too few for one more batch.
  virtual void pairs_dropped(std::uint32_t /*task*/, const std::string& /*name*/, std::size_t /*pairs*/) {}
  virtual void step_done(const StepReport& /*report*/) {}
  /// @brief For a step whose numbers are not finite or spike (TrainOptions::guard), when it is decided and done what
  /// becomes of it. A step that spikes is reported by step_done() before. `batch`: the step's batch, made again; null
  /// if that is not possible, and for FaultAction::Report. Valid during the call.
  virtual void step_failed(const StepFault& /*fault*/, const data::Batch* /*batch*/) {}
  /// @brief Between two steps, when all steps so far are reported: weights and states of the learner are those after
  /// the last reported step. This is where a state can be saved (Learner::state()). Also called after each task, when
  /// its pairs were kept and learn_all() has called `after`.
  virtual void between_steps(const Position& /*place*/) {}
  /// @brief Whether the task ends now, as if its last step were done: the penalty is consolidated, pairs are kept, the
  /// task counts. Called after each epoch, with the report of its last step that was not left out, if there is one. In
  /// a training that goes on, `parts` of a step before that are empty.
  virtual bool ends_task(const StepReport& /*last*/) { return false; }
  /// True makes the Learner call this observer's ends_task() after every step instead. The host then waits for each
  /// step.
  [[nodiscard]] virtual bool watches_steps() const { return false; }
};

}  // namespace ctp
