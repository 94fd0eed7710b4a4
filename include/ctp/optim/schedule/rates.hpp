/// @file   ctp/optim/schedule/rates.hpp
/// @brief  Peak and final learning rate of a task, and the linear warm-up that all schedules share.
/// @layer  optim
#pragma once

#include <algorithm>
#include <climits>
#include <cmath>
#include <cstdint>
#include <string>

#include <ctp/core/error.hpp>

namespace ctp::optim {

/// Learning rates of a training, the same for every task.
struct Rates {
  double rate = 1e-4;      ///< the peak, reached after warm-up
  double min_rate = 1e-6;  ///< after the last step of a task
};

namespace detail {
[[noreturn, gnu::cold]] inline void refuse_rate(double rate, std::uint64_t step, std::uint64_t steps) {
  const std::string found = std::to_string(rate) + " at step " + std::to_string(step) + " of " + std::to_string(steps);
  throw UsageError(Complaint{"schedule", "", "a finite rate from 0", found,
                             "check the schedule's divisions: a task may have a single step"}
                       .text());
}
}  // namespace detail

/// @brief `rate`, which a schedule gave for step `step` of `steps`. **Errors.** UsageError unless it is finite and 0 or
/// more.
inline double checked_rate(double rate, std::uint64_t step, std::uint64_t steps) {
  if (!(std::isfinite(rate) && rate >= 0)) detail::refuse_rate(rate, step, steps);
  return rate;
}

/// @brief Steps of warm-up in a task of `steps` steps: `warmup_steps`, or `warmup_share` of the task's steps, rounded
/// to the nearest number, if that is more. **Errors.** UsageError for a share outside [0, 1].
inline int warmup_of(int warmup_steps, double warmup_share, std::uint64_t steps) {
  if (!(warmup_share >= 0 && warmup_share <= 1))
    throw UsageError(
        Complaint{"schedule.warmup_share", "", "a share from 0 to 1", std::to_string(warmup_share), "0 is no warm-up"}
            .text());
  const long long share = std::llround(warmup_share * static_cast<double>(steps));
  return warmup_steps < 0 ? warmup_steps  // refused by with_warmup()
                          : static_cast<int>(std::max<long long>(warmup_steps, std::min<long long>(share, INT_MAX)));
}

/// @brief The learning rate of step `step` of `steps`, both counted within a task. In the first `warmup_steps` steps
/// the rate rises linearly: step s has rate * (s + 1) / warmup_steps. Then after(step, steps) gives the rate, with both
/// numbers counted from the end of warm-up; `steps` is at least 1 there.
///
/// **Errors.** UsageError for a negative number of steps.
///
/// **Source.** Goyal et al. 2017, arXiv:1706.02677, section 2.2, gradual warm-up.
template <class After>
double with_warmup(std::uint64_t step, std::uint64_t steps, const Rates& rates, int warmup_steps, const After& after) {
  if (warmup_steps < 0)
    throw UsageError(
        Complaint{"schedule.warmup_steps", "", "0 or more steps", std::to_string(warmup_steps), "0 is no warm-up"}
            .text());
  const auto warmup = static_cast<std::uint64_t>(warmup_steps);
  if (step < warmup) return rates.rate * (static_cast<double>(step + 1) / static_cast<double>(warmup));
  return after(step - warmup, steps > warmup ? steps - warmup : std::uint64_t{1});
}

}  // namespace ctp::optim
