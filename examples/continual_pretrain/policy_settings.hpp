/// @file   policy_settings.hpp
/// @brief  Settings of a strategy's policies: from options, and from assignments to single policies.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/io/suggest.hpp>
#include <ctp/rehearsal/candidates.hpp>
#include <ctp/train/chosen_policies.hpp>

#include "settings.hpp"

namespace pretrain {

/// Assigns settings of policies. **Errors.** UsageError for a key that no policy of the strategy has, and as
/// assign_in_range().
template <class Policies>
void apply(const std::vector<Assignment>& assignments, Policies& policies) {
  for (const Assignment& a : assignments) {
    bool found = false;
    std::vector<std::string> known;
    policies.settings([&](const std::string& key, auto& field) {
      known.push_back(key);
      if (key != a.key) return;
      assign_in_range(a, field);
      found = true;
    });
    if (found) continue;
    for (std::string& key : known_keys()) known.push_back(std::move(key));
    throw ctp::UsageError(ctp::Complaint{a.where, a.key, "a setting of this strategy or an option", "an unknown key",
                                         ctp::io::suggestion(a.key, known)}
                              .text());
  }
}

/// Sets up policies (ctp::ChosenPolicies), before their parameters and states are made: first from options, then from
/// assignments to single policies. **Errors.** UsageError for a key that no policy of the strategy has, or a value out
/// of range.
template <class Policies>
void configure(const Settings& settings, const std::vector<Assignment>& assignments, Policies& policies) {
  if constexpr (requires { policies.optimizer().weight_decay; })
    policies.optimizer().weight_decay = settings.weight_decay;
  if constexpr (requires { policies.rehearsal().budget; }) policies.rehearsal().budget = settings.memory_size;
  apply(assignments, policies);
  if constexpr (requires { policies.rehearsal().budget; }) ctp::rehearsal::require_budget(policies.rehearsal().budget);
  (void)policies.schedule().rate(0, 1, {settings.lr, settings.min_lr});  // validates the settings
}

/// The policies of a strategy with these settings. **Errors.** as configure().
template <class Strategy>
ctp::ChosenPolicies<Strategy> configured(const Settings& settings, const std::vector<Assignment>& assignments) {
  ctp::ChosenPolicies<Strategy> policies;
  configure(settings, assignments, policies);
  return policies;
}

}  // namespace pretrain
