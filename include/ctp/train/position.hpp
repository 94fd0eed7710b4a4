/// @file   ctp/train/position.hpp
/// @brief  The place of a training in its list of tasks and in the current task.
/// @layer  train
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/fingerprint.hpp>
#include <ctp/data/source.hpp>

namespace ctp {

/// Where a training stands between two steps.
struct Position {
  std::uint32_t tasks_seen = 0;  ///< tasks learned
  bool in_task = false;          ///< whether a task has begun and not ended
  bool epoch_begun = false;      ///< whether the penalty's passes before this epoch are done
  std::uint32_t epoch = 0;       ///< of the begun task, from 0; 0 between tasks
  std::uint64_t batch = 0;       ///< batches of this epoch that were trained on; 0 between tasks
  std::uint64_t step = 0;        ///< steps since the training began, of all tasks
};

/// The size of a begun task.
struct TaskSize {
  std::uint64_t epochs = 0, steps = 0;  ///< planned epochs, and steps of one epoch
};

/// Fingerprint of a task: its name, its pairs, and the number of pairs of its source.
inline std::uint64_t fingerprint_of(const data::Task& task) {
  const std::string_view members(reinterpret_cast<const char*>(task.members.data()),
                                 task.members.size() * sizeof(std::uint32_t));
  return Fingerprint().add(task.name).add(members).add(std::to_string(task.source->size())).value();
}

/// @brief The place of a Learner in its list of tasks and in the current task. Part of the learner's state: a restored
/// learner passes over the tasks of the list that are learned, and goes on with the task that had begun.
///
/// `task_step`: steps of the current task so far. The engine counts them, and takes a step back that is not finite.
class PlaceInTasks {
 public:
  /// Marks the place as restored: the next training goes on from it.
  void restored() { restored_ = true; }
  /// Tasks of the list of a restored state that are learned; 0 without a restored state.
  [[nodiscard]] std::size_t learned(std::uint32_t tasks_seen) const {
    return restored_ && first_task_ <= tasks_seen ? tasks_seen - first_task_ : 0;
  }
  /// Whether the next task is the one that a restored state had begun.
  [[nodiscard]] bool resumes_task() const { return restored_ && in_task_ != 0; }
  /// @brief Checks that a list of tasks, by their fingerprints, begins with the tasks of a restored state.
  /// **Errors.** CheckpointError naming the first task that differs.
  void require_list(const std::vector<std::uint64_t>& list, std::uint32_t tasks_seen) const {
    if (!restored_) return;
    if (tasks_.size() != learned(tasks_seen) + (in_task_ != 0 ? 1U : 0U))
      refuse("learn_all", "saved state", "the tasks that it has learned", std::to_string(tasks_.size()) + " tasks");
    for (std::size_t t = 0; t < tasks_.size(); ++t)
      if (t >= list.size() || list[t] != tasks_[t])
        refuse("learn_all", "task " + std::to_string(t + 1) + " of the list", "the task of the interrupted training",
               t >= list.size() ? "no task" : "a task with another name or other pairs");
  }
  /// @brief Checks that the task that goes on is the begun one. **Errors.** CheckpointError.
  void require_begun(const std::string& name, std::uint64_t task, const TaskSize& size, std::uint64_t task_step) const {
    const std::string where = "task '" + name + "'";
    if (tasks_.empty() || tasks_.back() != task)
      refuse(where, "pairs", "the task that had begun", "a task with another name or other pairs");
    if (epochs_ != size.epochs)
      refuse(where, "epochs", std::to_string(epochs_) + ", as when the state was saved", std::to_string(size.epochs));
    if (epoch_steps_ != size.steps)
      refuse(where, "steps of an epoch", std::to_string(epoch_steps_) + ", as when the state was saved",
             std::to_string(size.steps));
    if (epoch_ >= epochs_ || epoch_first_ > task_step || task_step - epoch_first_ > epoch_steps_)
      refuse(where, "place", "one within the task", "one outside of it");
  }

  /// Begins a list of tasks, unless a restored state goes on with its own.
  void begin_list(std::uint32_t tasks_seen) {
    if (!restored_) end_list(tasks_seen);
  }
  /// Ends a list of tasks: the next list is a new one.
  void end_list(std::uint32_t tasks_seen) {
    restored_ = false;
    first_task_ = tasks_seen;
    tasks_.clear();
  }
  /// `task`: fingerprint_of() the task. `alone`: the task is a list of its own.
  void begin_task(std::uint64_t task, const TaskSize& size, bool alone, std::uint32_t tasks_seen) {
    if (alone) end_list(tasks_seen);
    restored_ = false;
    bad_pairs.clear();
    tasks_.push_back(task);
    in_task_ = 1;
    epoch_ = epoch_begun_ = 0;
    epoch_first_ = 0;
    epochs_ = size.epochs;
    epoch_steps_ = size.steps;
  }
  /// The begun task goes on.
  void resume_task() { restored_ = false; }
  void begin_epoch() { epoch_begun_ = 1; }
  void end_epoch(std::uint64_t task_step) {
    ++epoch_;
    epoch_begun_ = 0;
    epoch_first_ = task_step;
  }
  /// Nothing of the task stays: a task that ended early leaves what one leaves whose end was planned there.
  void end_task() {
    in_task_ = epoch_ = epoch_begun_ = 0;
    epoch_first_ = epochs_ = epoch_steps_ = 0;
    bad_pairs.clear();
  }

  [[nodiscard]] Position at(std::uint32_t tasks_seen, std::uint64_t task_step, std::uint64_t step) const {
    if (in_task_ == 0) return {.tasks_seen = tasks_seen, .step = step};
    return {.tasks_seen = tasks_seen,
            .in_task = true,
            .epoch_begun = epoch_begun_ != 0,
            .epoch = epoch_,
            .batch = task_step < epoch_first_ ? 0 : task_step - epoch_first_,
            .step = step};
  }

  /// Ordinals of the bad pairs found in the current task.
  std::vector<std::uint32_t> bad_pairs;

  /// Calls archive("name", member) for each member.
  template <class Archive>
  void visit(Archive& archive) {
    archive("position.first_task", first_task_);
    archive("position.tasks", tasks_);
    archive("position.in_task", in_task_);
    archive("position.epochs", epochs_);
    archive("position.epoch_steps", epoch_steps_);
    archive("position.epoch", epoch_);
    archive("position.epoch_begun", epoch_begun_);
    archive("position.epoch_first", epoch_first_);
    archive("position.bad_pairs", bad_pairs);
  }

 private:
  [[noreturn, gnu::cold]] static void refuse(const std::string& where, const std::string& what,
                                             const std::string& expected, const std::string& found) {
    throw CheckpointError(
        Complaint{where, what, expected, found, "give the tasks, epochs and batch size of the interrupted training"}
            .text());
  }

  std::uint32_t first_task_ = 0;      ///< tasks seen when the list began
  std::vector<std::uint64_t> tasks_;  ///< fingerprints of the list's tasks that have begun
  std::uint32_t in_task_ = 0;         ///< 1 within a task
  std::uint32_t epoch_ = 0, epoch_begun_ = 0;
  std::uint64_t epoch_first_ = 0;               ///< steps of the task before this epoch
  std::uint64_t epochs_ = 0, epoch_steps_ = 0;  ///< of the begun task
  bool restored_ = false;
};

}  // namespace ctp
