/// @file   ctp/train/chosen_policies.hpp
/// @brief  The policies of one strategy with their settings, without their states.
/// @layer  train
#pragma once

#include <string>

#include <ctp/core/policy.hpp>
#include <ctp/objective/all.hpp>

namespace ctp {

/// @brief The policies that a strategy names, with their default settings. Settings that decide on parameters and
/// states are changed here, before a Learner is made: `Learner(model, options, configure)` calls configure(policies).
template <class Strategy>
class ChosenPolicies {
 public:
  using Losses = All<typename Strategy::Objective, typename Strategy::Distillation>;
  using Momentum = typename Strategy::Momentum;
  using Penalty = typename Strategy::Penalty;
  using Rehearsal = typename Strategy::Rehearsal;
  using Optimizer = typename Strategy::Optimizer;
  using Schedule = typename Strategy::Schedule;

  [[nodiscard]] Losses& losses() { return losses_; }
  [[nodiscard]] const Losses& losses() const { return losses_; }
  [[nodiscard]] Momentum& momentum() { return momentum_; }
  [[nodiscard]] const Momentum& momentum() const { return momentum_; }
  [[nodiscard]] Penalty& penalty() { return penalty_; }
  [[nodiscard]] const Penalty& penalty() const { return penalty_; }
  [[nodiscard]] Rehearsal& rehearsal() { return rehearsal_; }
  [[nodiscard]] const Rehearsal& rehearsal() const { return rehearsal_; }
  [[nodiscard]] Optimizer& optimizer() { return optimizer_; }
  [[nodiscard]] const Optimizer& optimizer() const { return optimizer_; }
  [[nodiscard]] Schedule& schedule() { return schedule_; }
  [[nodiscard]] const Schedule& schedule() const { return schedule_; }

  /// Calls visitor("name", member) for each setting of each policy, the name led by the policy's or its kind's.
  template <class Visitor>
  void settings(Visitor&& visitor) {
    visit_settings(losses_, visitor);
    visit_kind("momentum.", momentum_, visitor);
    visit_kind("penalty.", penalty_, visitor);
    visit_kind("rehearsal.", rehearsal_, visitor);
    visit_kind("optimizer.", optimizer_, visitor);
    visit_kind("schedule.", schedule_, visitor);
  }

 private:
  template <class Policy, class Visitor>
  static void visit_kind(const char* kind, Policy& policy, Visitor& visitor) {
    auto prefixed = [&](const std::string& key, auto& value) { visitor(kind + key, value); };
    visit_settings(policy, prefixed);
  }

  Losses losses_{};
  Momentum momentum_{};
  Penalty penalty_{};
  Rehearsal rehearsal_{};
  Optimizer optimizer_{};
  Schedule schedule_{};
};

}  // namespace ctp
