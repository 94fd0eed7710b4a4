/// @file   ctp/optim/schedule/cosine.hpp
/// @brief  Cosine annealing of the learning rate over one task.
/// @layer  optim
#pragma once

#include <cmath>
#include <cstdint>

#include <ctp/optim/schedule/rates.hpp>

namespace ctp::optim {

/// @brief Cosine annealing: half a cosine from `rate` to `min_rate` over the steps of a task after warm-up; restarts
/// with every task. The published schedule has no warm-up.
///
/// **Source.** Loshchilov and Hutter 2017, arXiv:1608.03983, eq. 5, per step.
struct Cosine {
  int warmup_steps = 0;     ///< per task
  double warmup_share = 0;  ///< of the steps of a task, if that is more

  [[nodiscard]] double rate(std::uint64_t step, std::uint64_t steps, const Rates& rates) const {
    return with_warmup(
        step, steps, rates, warmup_of(warmup_steps, warmup_share, steps), [&](std::uint64_t at, std::uint64_t total) {
          return rates.min_rate +
                 0.5 * (rates.rate - rates.min_rate) *
                     (1 + std::cos(3.14159265358979323846 * static_cast<double>(at) / static_cast<double>(total)));
        });
  }
  template <class Visitor>
  void settings(Visitor& visitor) {
    visitor("warmup_steps", warmup_steps);
    visitor("warmup_share", warmup_share);
  }
};

}  // namespace ctp::optim
