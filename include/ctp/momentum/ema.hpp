/// @file   ctp/momentum/ema.hpp
/// @brief  Momentum weights as an exponential moving average of the online weights.
/// @layer  momentum
#pragma once

#include <ctp/core/needs.hpp>

namespace ctp::momentum {

/// @brief slow <- decay slow + (1 - decay) online, at the start of every step.
///
/// **Units.** decay: fraction kept per step, in [0,1].  **Source.** He et al. 2020, arXiv:1911.05722, eq. 2.
struct Ema {
  static constexpr bool active = true;
  static constexpr Needs needs{};
  double decay = 0.995;

  template <class View>
  void update(const View& view) const {
    View::Backend::average(view.size(), static_cast<typename View::Real>(decay), view.online(), view.slow());
  }
  template <class Visitor>
  void settings(Visitor& visitor) {
    visitor("decay", decay);
  }
};

}  // namespace ctp::momentum
