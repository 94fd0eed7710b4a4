/// @file   ctp/optim/schedule/require.hpp
/// @brief  Compile-time checks of learning-rate schedules, with one sentence for each missing member.
/// @layer  optim
#pragma once

#include <concepts>

#include <ctp/optim/schedule/concepts.hpp>

namespace ctp::optim {

/// Stops the compilation with one sentence for the first requirement that `Policy` does not meet.
template <class Policy>
consteval bool require_schedule() {
  static_assert(std::copyable<Policy>,
                "[ctp.schedule.copyable] a schedule holds settings only and must be copyable; compute the rate from "
                "the step alone. See docs/policies/schedule.md");
  static_assert(std::default_initializable<Policy>,
                "[ctp.schedule.default] a schedule needs a default value for each setting, for the Learner makes it "
                "without arguments; settings(visitor) changes them. See docs/policies/schedule.md");
  static_assert(GivesRates<Policy>,
                "[ctp.schedule.rate] a schedule needs 'double rate(std::uint64_t step, std::uint64_t steps, const "
                "ctp::optim::Rates&) const', the learning rate of step 0, 1, ... of a task of 'steps' steps. See "
                "docs/policies/schedule.md");
  return true;
}

}  // namespace ctp::optim
