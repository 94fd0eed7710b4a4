/// @file   ctp/train/guard/guard_options.hpp
/// @brief  Options of a training for steps whose numbers are not finite or spike.
/// @layer  train
#pragma once

#include <cmath>
#include <string>

#include <ctp/core/error.hpp>
#include <ctp/train/guard/step_fault.hpp>

namespace ctp {

/// @brief What a training does about steps whose numbers are not finite or spike. Results do not depend on
/// TrainOptions::read_every.
struct GuardOptions {
  FaultAction on_nonfinite = FaultAction::Stop;  ///< Stop, Skip or Rollback
  /// Report, Stop or Rollback. With Stop the host waits for each step.
  FaultAction on_spike = FaultAction::Report;
  /// Standard deviations above the mean of the last steps from which a loss or a gradient's length is a spike; 0: no
  /// number is.
  double spike_z = 0;
  int spike_window = 100;    ///< last steps of the task that a step is compared with, 20 to 10,000
  int rollback_steps = 100;  ///< steps between two copies of the state that a roll-back may go back to
  int limit = 10;            ///< steps of a task that may be left out or rolled back; one more ends the training

  /// Whether copies of the state are kept.
  [[nodiscard]] bool rolls_back() const {
    return on_nonfinite == FaultAction::Rollback || (spike_z > 0 && on_spike == FaultAction::Rollback);
  }
  /// Whether spikes are looked for.
  [[nodiscard]] bool finds_spikes() const { return spike_z > 0; }

  /// **Errors.** UsageError for an action that does not fit, or a number out of range.
  void check() const {
    const auto refuse = [](const char* what, const char* expected, const std::string& found) {
      throw UsageError(Complaint{"GuardOptions", what, expected, found, ""}.text());
    };
    if (on_nonfinite == FaultAction::Report) refuse("on_nonfinite", "stop, skip or rollback", name_of(on_nonfinite));
    if (on_spike == FaultAction::Skip) refuse("on_spike", "report, stop or rollback", name_of(on_spike));
    if (!(spike_z >= 0) || !std::isfinite(spike_z)) refuse("spike_z", "a number from 0", std::to_string(spike_z));
    if (spike_window < 20 || spike_window > 10'000)
      refuse("spike_window", "20 to 10,000 steps", std::to_string(spike_window));
    if (rollback_steps < 1) refuse("rollback_steps", "1 or more", std::to_string(rollback_steps));
    if (limit < 0) refuse("limit", "0 or more", std::to_string(limit));
  }
};

}  // namespace ctp
