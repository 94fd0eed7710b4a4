/// @file   ctp/optim/schedule/concepts.hpp
/// @brief  Concept of a learning-rate schedule.
/// @layer  optim
#pragma once

#include <concepts>
#include <cstdint>

#include <ctp/optim/schedule/rates.hpp>

namespace ctp::optim {

/// `schedule.rate(step, steps, rates)`: the learning rate of step `step`, from 0, of the `steps` steps of a task.
template <class P>
concept GivesRates = requires(const P schedule, std::uint64_t step, std::uint64_t steps, const Rates& rates) {
  { schedule.rate(step, steps, rates) } -> std::same_as<double>;
};

/// @brief A learning-rate schedule: settings with default values, and a function of the step. Has no State. Optional:
/// `settings(visitor)`.
template <class P>
concept Schedule = std::copyable<P> && std::default_initializable<P> && GivesRates<P>;

}  // namespace ctp::optim
