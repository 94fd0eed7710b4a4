/// @file   ctp/momentum/compatible.hpp
/// @brief  Compatible momentum: an average of the online and the previous task's model.
/// @layer  momentum
#pragma once

#include <ctp/core/needs.hpp>

namespace ctp::momentum {

/// @brief slow <- decay slow + (1 - decay) / 2 (online + previous), at the start of every step.
///
/// On the first task, which has no previous model: slow <- first_task_decay slow + (1 - first_task_decay) online.
/// **Units.** decays: fraction kept per step, in [0,1].
/// **Source.** CTP, ICCV 2023, arXiv:2308.07146, compatible momentum, with alpha = 1/2 as released.
struct Compatible {
  static constexpr bool active = true;
  static constexpr Needs needs{.previous = Output::Weights};
  double decay = 0.9;
  double first_task_decay = 0.995;

  template <class View>
  void update(const View& view) const {
    using B = typename View::Backend;
    using Real = typename View::Real;
    if (view.previous() == nullptr)
      B::average(view.size(), static_cast<Real>(first_task_decay), view.online(), view.slow());
    else
      B::average_of_two(view.size(), static_cast<Real>(decay), view.online(), view.previous(), view.slow());
  }
  template <class Visitor>
  void settings(Visitor& visitor) {
    visitor("decay", decay);
    visitor("first_task_decay", first_task_decay);
  }
};

}  // namespace ctp::momentum
