/// @file   ctp/optim/schedule/linear.hpp
/// @brief  Linear decay of the learning rate over one task.
/// @layer  optim
#pragma once

#include <algorithm>
#include <cstdint>

#include <ctp/optim/schedule/rates.hpp>

namespace ctp::optim {

/// @brief Linear decay from `rate` to `min_rate` over the steps of a task after warm-up; restarts with every task.
///
/// **Source.** Devlin et al. 2019, arXiv:1810.04805, appendix A.2, per task.
struct Linear {
  int warmup_steps = 0;     ///< per task
  double warmup_share = 0;  ///< of the steps of a task, if that is more

  [[nodiscard]] double rate(std::uint64_t step, std::uint64_t steps, const Rates& rates) const {
    return with_warmup(step, steps, rates, warmup_of(warmup_steps, warmup_share, steps),
                       [&](std::uint64_t at, std::uint64_t total) {
                         const double way = static_cast<double>(std::min(at, total)) / static_cast<double>(total);
                         return rates.rate + (rates.min_rate - rates.rate) * way;
                       });
  }
  template <class Visitor>
  void settings(Visitor& visitor) {
    visitor("warmup_steps", warmup_steps);
    visitor("warmup_share", warmup_share);
  }
};

}  // namespace ctp::optim
