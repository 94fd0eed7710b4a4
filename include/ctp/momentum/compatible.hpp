/// @file   ctp/momentum/compatible.hpp
/// @brief  Compatible momentum: an average of the online and the previous task's model.
/// @layer  momentum
#pragma once

#include <ctp/core/needs.hpp>
#include <ctp/core/shape.hpp>

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

  /// **Shapes.** all [n]; previous is null on the first task.
  template <class B>
  void update(Index n, typename B::Real* slow, const typename B::Real* online, const typename B::Real* previous) const {
    using Real = typename B::Real;
    if (previous == nullptr)
      B::average(n, static_cast<Real>(first_task_decay), online, slow);
    else
      B::average_of_two(n, static_cast<Real>(decay), online, previous, slow);
  }
  template <class Visitor>
  void settings(Visitor& visitor) {
    visitor("decay", decay);
    visitor("first_task_decay", first_task_decay);
  }
};

}  // namespace ctp::momentum
