/// @file   guard_settings.hpp
/// @brief  The options for steps whose numbers are not finite or spike.
#pragma once

#include <string>

#include <ctp/core/error.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/train/guard/guard_options.hpp>
#include <ctp/train/guard/step_fault.hpp>

#include "settings.hpp"

namespace pretrain {

/// The guard of a training. **Errors.** UsageError naming the option.
inline ctp::GuardOptions guard_of(const Settings& s) {
  using ctp::FaultAction;
  const auto action = [](const char* key, const std::string& text, FaultAction own, const std::string& choices) {
    for (const FaultAction a : {own, FaultAction::Stop, FaultAction::Rollback})
      if (text == name_of(a)) return a;
    throw ctp::UsageError(
        ctp::Complaint{Settings::option_name(key), "", "one of " + choices, ctp::quoted(text), ""}.text());
  };
  ctp::GuardOptions guard;
  guard.on_nonfinite = action("on_nonfinite", s.on_nonfinite, FaultAction::Skip, "stop, skip, rollback");
  guard.on_spike = action("on_spike", s.on_spike, FaultAction::Report, "report, stop, rollback");
  guard.spike_z = s.spike_z;
  guard.spike_window = s.spike_window;
  guard.rollback_steps = s.rollback_steps;
  guard.limit = s.fault_limit;
  guard.check();
  return guard;
}

}  // namespace pretrain
