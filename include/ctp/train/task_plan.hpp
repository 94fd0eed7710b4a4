/// @file   ctp/train/task_plan.hpp
/// @brief  How one task is trained, where it differs from the options of the training.
/// @layer  train
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <ctp/core/error.hpp>
#include <ctp/optim/schedule/concepts.hpp>
#include <ctp/optim/schedule/rates.hpp>

namespace ctp {

/// @brief Numbers of one task. What is not set is taken from the TrainOptions, and the schedule from the strategy.
struct TaskPlan {
  /// Learning rate of step `step`, from 0, of the `steps` planned steps of the task.
  using Schedule = std::function<double(std::uint64_t step, std::uint64_t steps, const optim::Rates& rates)>;

  std::optional<int> epochs = {};
  std::optional<double> rate = {}, min_rate = {};  ///< learning rate at the first and after the last step
  Schedule schedule = {};                          ///< in place of the strategy's

  /// A schedule of the library or of your own, with its settings: `.schedule = TaskPlan::by(optim::Linear{})`.
  template <optim::Schedule Policy>
  static Schedule by(const Policy& schedule) {
    return [schedule](std::uint64_t step, std::uint64_t steps, const optim::Rates& rates) {
      return schedule.rate(step, steps, rates);
    };
  }
  /// @brief The rates of this task, with those of the options where the plan names none. A plan that names `rate` alone
  /// never ends above `rate`: its final rate is the smaller of `rate` and the options' final rate.
  [[nodiscard]] optim::Rates rates(const optim::Rates& options) const {
    const double peak = rate.value_or(options.rate);
    return {peak, min_rate.value_or(rate ? std::min(options.min_rate, peak) : options.min_rate)};
  }
  /// @brief The learning rate of step `step` of the `steps` planned steps, by the plan's schedule or else by
  /// `strategy`, the schedule of the strategy. **Errors.** as optim::checked_rate().
  template <optim::Schedule Policy>
  [[nodiscard]] double rate_at(std::uint64_t step, std::uint64_t steps, const optim::Rates& options,
                               const Policy& strategy) const {
    const optim::Rates r = rates(options);
    return optim::checked_rate(schedule ? schedule(step, steps, r) : strategy.rate(step, steps, r), step, steps);
  }
  /// **Errors.** UsageError for fewer than 1 epoch and for a rate that is negative or not finite.
  void check() const {
    const auto refuse = [](const char* key, const char* expected, const std::string& found) {
      throw UsageError(Complaint{"TaskPlan", key, expected, found, "leave it out for the default"}.text());
    };
    if (epochs && *epochs < 1) refuse("epochs", "1 or more", std::to_string(*epochs));
    for (const auto& [key, value] : {std::pair{"rate", rate}, {"min_rate", min_rate}})
      if (value && !(std::isfinite(*value) && *value >= 0)) refuse(key, "a number from 0", std::to_string(*value));
  }
};

}  // namespace ctp
