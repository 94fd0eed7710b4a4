/// @file   ctp/train/guard/step_guard.hpp
/// @brief  Finds spikes, counts faulty steps of a task, and keeps the state that a roll-back goes back to.
/// @layer  train
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include <ctp/train/guard/guard_options.hpp>
#include <ctp/train/guard/spike_window.hpp>
#include <ctp/train/guard/state_copy.hpp>
#include <ctp/train/guard/step_fault.hpp>
#include <ctp/train/observer.hpp>

namespace ctp {

/// @brief Decides on the faulty steps of a task. Part of the state of a training: a training that goes on decides as
/// one that was not interrupted.
class StepGuard {
 public:
  /// **Errors.** as GuardOptions::check().
  explicit StepGuard(const GuardOptions& options)
      : options_(options),
        losses_(static_cast<std::size_t>(std::max(options.spike_window, 0))),
        norms_(static_cast<std::size_t>(std::max(options.spike_window, 0))) {
    options_.check();
  }

  /// Forgets the task before. To be called when a task begins, and when it ends.
  void clear() {
    losses_.clear();
    norms_.clear();
    copy_.clear();
    copied_at_ = faults_ = 0;
  }

  /// A task goes on, perhaps with other options than before.
  void resume() {
    if (!options_.rolls_back()) copy_.clear();
  }

  /// Whether the state should be copied now, after `task_step` steps of the task.
  [[nodiscard]] bool wants_copy(std::uint64_t task_step) const {
    return options_.rolls_back() &&
           (copy_.empty() || task_step % static_cast<std::uint64_t>(options_.rollback_steps) == 0);
  }
  /// Copies the state that a roll-back goes back to, if there are roll-backs. All steps are read. Also to be called
  /// when an epoch has begun: a roll-back does not undo a penalty's passes before the epoch.
  template <class Engine>
  void copy(Engine& engine) {
    if (!options_.rolls_back()) return;
    copy_.take(engine);
    copied_at_ = engine.task_step();
  }
  /// Writes the copied state back.
  template <class Engine>
  void roll_back(Engine& engine) const {
    copy_.give_back(engine);
  }

  /// Compares a finite step with those before. A step that will be rolled back is not one of those.
  [[nodiscard]] std::optional<StepFault> judge(const StepReport& report) {
    if (!options_.finds_spikes()) return std::nullopt;
    std::optional<StepFault> fault = spike(FaultKind::LossSpike, "loss", losses_, report.loss, report);
    if (!fault) fault = spike(FaultKind::GradientSpike, "gradient norm", norms_, report.gradient_norm, report);
    if (fault && options_.on_spike == FaultAction::Rollback) return fault;
    losses_.add(report.loss);
    norms_.add(report.gradient_norm);
    return fault;
  }
  /// Sets what is done about a fault, and counts it. Beyond the limit the training ends, rolled back if it would be.
  void decide(StepFault& fault) {
    fault.action = fault.kind == FaultKind::NonFinite ? options_.on_nonfinite : options_.on_spike;
    fault.back_to = copied_at_;
    if (fault.action != FaultAction::Skip && fault.action != FaultAction::Rollback) return;
    if (faults_ < static_cast<std::uint64_t>(options_.limit)) {
      ++faults_;
      return;
    }
    fault.note =
        std::to_string(faults_) + " steps of this task were left out or rolled back before, and no more may be";
    fault.rolled_back = fault.action == FaultAction::Rollback;
    fault.action = FaultAction::Stop;
  }

  /// Calls archive("name", member) for each member.
  template <class Archive>
  void visit(Archive& archive) {
    archive("guard.faults", faults_);
    archive("guard.copied_at", copied_at_);
    losses_.visit(archive, "guard.losses");
    norms_.visit(archive, "guard.norms");
    copy_.visit(archive, "guard.copy");
  }

 private:
  [[nodiscard]] std::optional<StepFault> spike(FaultKind kind, const char* what, const SpikeWindow& window, double x,
                                               const StepReport& report) const {
    const std::optional<double> z = window.score(x);
    if (!z || *z <= options_.spike_z) return std::nullopt;
    char number[64], score[64], limit[64];
    std::snprintf(number, sizeof(number), "%.4g", x);
    std::snprintf(score, sizeof(score), "%.1f", *z);
    std::snprintf(limit, sizeof(limit), "%g", options_.spike_z);
    StepFault fault{.kind = kind,
                    .action = options_.on_spike,
                    .task = report.task,
                    .epoch = report.epoch,
                    .step = report.step,
                    .global_step = report.global_step,
                    .found = std::string(number) + ", " + score + " above it"};
    fault.expected =
        std::string("a ") + what + " of at most " + limit + " standard deviations above the mean of the steps before";
    fault.z = *z;
    return fault;
  }

  GuardOptions options_;
  SpikeWindow losses_, norms_;
  StateCopy copy_;
  std::uint64_t copied_at_ = 0;  ///< steps of the task when the state was copied
  std::uint64_t faults_ = 0;     ///< of the task, left out or rolled back
};

}  // namespace ctp
