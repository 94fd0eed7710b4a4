/// @file   ctp/train/observer.hpp
/// @brief  Observer interface of a training: reports of tasks and steps.
/// @layer  train
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace ctp {

/// Position and losses of one step.
struct StepReport {
  std::uint32_t task = 0, epoch = 0;
  std::uint64_t step = 0;         ///< within the task, from 0
  std::uint64_t global_step = 0;  ///< since the training began, from 0
  std::uint64_t steps = 0;        ///< of the whole task
  double rate = 0;
  double loss = 0;                                        ///< weighted sum of the loss parts
  std::span<const std::pair<const char*, double>> parts;  ///< by policy, unweighted
  int pairs = 0;                                          ///< in the batch
};

/// @brief The Learner calls an observer before each task and after each step. The default functions do nothing.
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
  /// After task_begins(), if each epoch of the task leaves out `pairs` pairs as too few for one more batch.
  virtual void pairs_dropped(std::uint32_t /*task*/, const std::string& /*name*/, std::size_t /*pairs*/) {}
  virtual void step_done(const StepReport& /*report*/) {}
};

}  // namespace ctp
