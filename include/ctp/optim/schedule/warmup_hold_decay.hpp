/// @file   ctp/optim/schedule/warmup_hold_decay.hpp
/// @brief  Warm-up, hold, decay (WSD) of the learning rate over one task.
/// @layer  optim
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include <ctp/core/error.hpp>
#include <ctp/optim/schedule/rates.hpp>

namespace ctp::optim {

/// @brief Warm-up, hold, decay: linear warm-up, `rate` held, then linear decay to `min_rate` over a task's last steps.
///
/// The decay takes `decay_share` of all steps of the task, rounded to the nearest number, and never begins before the
/// end of warm-up.
/// **Errors.** UsageError for a share outside [0, 1].
///
/// **Source.** Haegele et al. 2024, arXiv:2405.18392, eq. 1, with linear decay; Hu et al. 2024, arXiv:2404.06395, WSD.
struct WarmupHoldDecay {
  int warmup_steps = 0;      ///< per task
  double warmup_share = 0;   ///< of the steps of a task, if that is more
  double decay_share = 0.2;  ///< of the steps of a task

  [[nodiscard]] double rate(std::uint64_t step, std::uint64_t steps, const Rates& rates) const {
    if (!(decay_share >= 0 && decay_share <= 1))
      throw UsageError(
          Complaint{"schedule.decay_share", "", "a share from 0 to 1", std::to_string(decay_share), ""}.text());
    return with_warmup(
        step, steps, rates, warmup_of(warmup_steps, warmup_share, steps), [&](std::uint64_t at, std::uint64_t total) {
          const auto decay =
              std::min(total, static_cast<std::uint64_t>(std::llround(decay_share * static_cast<double>(steps))));
          const std::uint64_t hold = total - decay;
          if (at < hold) return rates.rate;
          const double way =
              decay == 0 ? 0 : static_cast<double>(std::min(at - hold, decay)) / static_cast<double>(decay);
          return rates.rate + (rates.min_rate - rates.rate) * way;
        });
  }
  template <class Visitor>
  void settings(Visitor& visitor) {
    visitor("warmup_steps", warmup_steps);
    visitor("warmup_share", warmup_share);
    visitor("decay_share", decay_share);
  }
};

}  // namespace ctp::optim
