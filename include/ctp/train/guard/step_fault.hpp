/// @file   ctp/train/guard/step_fault.hpp
/// @brief  A training step whose numbers are not finite or spike, and the error that ends a training for one.
/// @layer  train
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include <ctp/core/error.hpp>

namespace ctp {

/// What is wrong with a step.
enum class FaultKind : std::uint8_t {
  NonFinite,     ///< a loss or the gradient is not finite; the step was not applied
  LossSpike,     ///< the loss is far above that of the steps before; the step was applied
  GradientSpike  ///< the same of the gradient's length
};

/// What is done about a faulty step.
enum class FaultAction : std::uint8_t {
  Report,   ///< nothing: the step counts
  Stop,     ///< the training ends
  Skip,     ///< the step is left out
  Rollback  ///< the weights and states go back to those of some steps ago; the batches since then are left out
};

/// "report", "stop", "skip" or "rollback".
inline const char* name_of(FaultAction action) {
  switch (action) {
    case FaultAction::Report:
      return "report";
    case FaultAction::Stop:
      return "stop";
    case FaultAction::Skip:
      return "skip";
    case FaultAction::Rollback:
      return "rollback";
  }
  return "";
}

/// @brief A step whose numbers are not finite or spike.
struct StepFault {
  FaultKind kind = FaultKind::NonFinite;
  FaultAction action = FaultAction::Stop;
  std::uint32_t task = 0, epoch = 0;
  std::uint64_t step = 0;         ///< within the task, from 0
  std::uint64_t global_step = 0;  ///< since the training began, from 0
  std::string found = {};         ///< "in_batch_contrast = nan", or the number that spikes
  std::string expected = "finite losses and gradients";
  std::string pairs = {};  ///< names of the batch's pairs, separated by spaces; empty if not known
  double z = std::numeric_limits<double>::quiet_NaN();  ///< of a spike: see SpikeWindow
  std::uint64_t back_to = 0;                            ///< of a roll-back: steps of the task that stay
  bool rolled_back = false;                             ///< whether a training that ends is rolled back before
  std::string note = {};                                ///< why the action is another one than the options ask for

  /// One sentence with place, expected, found and what is done.
  [[nodiscard]] std::string text() const {
    std::string done;
    switch (action) {
      case FaultAction::Report:
        done = "the training goes on";
        break;
      case FaultAction::Stop:
        done = "the weights are those " +
               (rolled_back ? "before step " + std::to_string(back_to)
                            : std::string(kind == FaultKind::NonFinite ? "before" : "after") + " this step");
        break;
      case FaultAction::Skip:
        done = "the step is left out";
        break;
      case FaultAction::Rollback:
        done = "the weights go back to those before step " + std::to_string(back_to) +
               ", and the batches since then are left out";
        break;
    }
    return "task " + std::to_string(task) + ", epoch " + std::to_string(epoch) + ", step " + std::to_string(step) +
           ": expected " + expected + ", found " + found + "; " + done + (note.empty() ? "" : "; " + note) +
           (pairs.empty() ? "" : "; pairs: " + pairs);
  }
};

/// The error of a training that ends for a faulty step.
struct StepError : NumericError {
  explicit StepError(StepFault what) : NumericError(what.text()), fault(std::move(what)) {}

  StepFault fault;
};

}  // namespace ctp
