/// @file   ctp/train/position.hpp
/// @brief  The place of a training between two steps.
/// @layer  train
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>

namespace ctp {

/// Where a training stands between two steps.
struct Position {
  std::uint32_t tasks_seen = 0;  ///< tasks learned
  bool in_task = false;          ///< whether a task has begun and not ended
  std::uint32_t epoch = 0;       ///< of the task, from 0
  std::uint64_t batch = 0;       ///< batches of this epoch that were trained on
};

/// @brief Keeps the place of a Learner in its list of tasks and in the current task, as part of the learner's state,
/// and decides what a restored learner passes over.
///
/// `task_step`: steps of the current task so far, which the engine counts and takes back with a step that is not
/// finite.
class PlaceInTasks {
 public:
  /// @brief Begins a list of `trainings` tasks, or goes on with the list of the restored state. Returns the tasks of
  /// the list that are learned. **Errors.** CheckpointError if the list has fewer.
  std::size_t begin_list(std::uint32_t tasks_seen, std::size_t trainings) {
    if (!std::exchange(passes_over_, false)) first_task_ = tasks_seen;
    const std::size_t learned = tasks_seen - first_task_;
    if (learned > trainings)
      throw CheckpointError(Complaint{"learn_all", "tasks",
                                      std::to_string(learned) + " tasks, which are learned, or more",
                                      std::to_string(trainings), "give the tasks of the interrupted training"}
                                .text());
    return learned;
  }
  /// Begins a list of one task, or goes on with the task of the restored state.
  void begin_single(std::uint32_t tasks_seen) {
    if (!(goes_on_ && in_task_ != 0)) first_task_ = tasks_seen;
    passes_over_ = false;
  }
  /// Whether the next task is one that a restored state had begun. True once after restored().
  [[nodiscard]] bool resumes_task() { return std::exchange(goes_on_, false) && in_task_ != 0; }
  void begin_task() {
    goes_on_ = false;
    bad_pairs.clear();
    in_task_ = 1;
    epoch_ = 0;
    epoch_first_ = 0;
  }
  void end_epoch(std::uint64_t task_step) {
    ++epoch_;
    epoch_first_ = task_step;
  }
  void end_task() {
    in_task_ = 0;
    bad_pairs.clear();
  }
  /// The members are those of another learner's state now.
  void restored() { goes_on_ = passes_over_ = true; }

  [[nodiscard]] Position at(std::uint32_t tasks_seen, std::uint64_t task_step) const {
    return {tasks_seen, in_task_ != 0, epoch_, task_step - epoch_first_};
  }

  /// @brief Checks that a task which goes on has the steps of the interrupted one. **Errors.** CheckpointError.
  static void require_steps(const std::string& task, std::uint64_t interrupted, std::uint64_t now) {
    if (interrupted == now) return;
    throw CheckpointError(Complaint{"task '" + task + "'", "steps",
                                    std::to_string(interrupted) + ", as when the state was saved", std::to_string(now),
                                    "give the tasks, epochs and batch size of the interrupted training"}
                              .text());
  }
  /// Ordinals of the bad pairs found in the current task.
  std::vector<std::uint32_t> bad_pairs;

  /// Calls archive("name", member) for each member.
  template <class Archive>
  void visit(Archive& archive) {
    archive("position.first_task", first_task_);
    archive("position.in_task", in_task_);
    archive("position.epoch", epoch_);
    archive("position.epoch_first", epoch_first_);
    archive("position.bad_pairs", bad_pairs);
  }

 private:
  std::uint32_t first_task_ = 0;  ///< tasks seen when the list began that is trained
  std::uint32_t in_task_ = 0;     ///< 1 within a task
  std::uint32_t epoch_ = 0;
  std::uint64_t epoch_first_ = 0;  ///< steps of the task before this epoch
  bool goes_on_ = false, passes_over_ = false;
};

}  // namespace ctp
