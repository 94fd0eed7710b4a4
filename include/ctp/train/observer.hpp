/// @file   ctp/train/observer.hpp
/// @brief  Who wants to know how a training goes. Knows no file and no format.
/// @layer  train
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace ctp {

/// Where a training stands and what its last step gave.
struct StepReport {
  std::uint32_t task = 0, epoch = 0;
  std::uint64_t step = 0;         ///< within the task, from 0
  std::uint64_t global_step = 0;  ///< since the training began, from 0
  std::uint64_t steps = 0;        ///< of the whole task
  double rate = 0;
  double loss = 0;                                        ///< weighted sum of the parts
  std::span<const std::pair<const char*, double>> parts;  ///< by policy, unweighted
  int pairs = 0;                                          ///< in the batch
};

/// @brief Told about a training by its Learner. The default is not to care.
///
/// Each step is reported once, in order. On a device, reports come for several steps at a time
/// (TrainOptions::read_every): the learner may then be a few steps further than the step it reports.
class Observer {
 public:
  Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  virtual ~Observer() = default;

  virtual void task_begins(std::uint32_t /*task*/, const std::string& /*name*/, std::uint64_t /*steps*/) {}
  virtual void step_done(const StepReport& /*report*/) {}
};

}  // namespace ctp
