/// @file   ctp/optim/schedule/constant.hpp
/// @brief  A constant learning rate.
/// @layer  optim
#pragma once

#include <cstdint>

#include <ctp/optim/schedule/rates.hpp>

namespace ctp::optim {

/// @brief Constant schedule: `rate` at every step of a task after warm-up. `min_rate` is not used.
struct Constant {
  int warmup_steps = 0;     ///< per task
  double warmup_share = 0;  ///< of the steps of a task, if that is more

  [[nodiscard]] double rate(std::uint64_t step, std::uint64_t steps, const Rates& rates) const {
    return with_warmup(step, steps, rates, warmup_of(warmup_steps, warmup_share, steps),
                       [&](std::uint64_t, std::uint64_t) { return rates.rate; });
  }
  template <class Visitor>
  void settings(Visitor& visitor) {
    visitor("warmup_steps", warmup_steps);
    visitor("warmup_share", warmup_share);
  }
};

}  // namespace ctp::optim
