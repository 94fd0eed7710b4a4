/// @file   ctp/optim/cosine.hpp
/// @brief  The learning rate over one task.
/// @layer  optim
#pragma once

#include <cmath>
#include <cstdint>

namespace ctp::optim {

/// @brief One half cosine from `rate` to `min_rate` over the task's steps; starts again with every task, no warm-up.
///
/// **Source.** Loshchilov and Hutter 2017, arXiv:1608.03983, eq. 5, per step.
struct Cosine {
  double rate = 1e-4, min_rate = 1e-6;

  /// The rate of step `step`, counted from 0, of `total`.
  [[nodiscard]] double operator()(std::uint64_t step, std::uint64_t total) const {
    return min_rate +
           0.5 * (rate - min_rate) *
               (1 + std::cos(3.14159265358979323846 * static_cast<double>(step) / static_cast<double>(total)));
  }
};

}  // namespace ctp::optim
