/// @file   ctp/train/policies.hpp
/// @brief  The policies of one strategy with their states, and compile-time checks of the policies.
/// @layer  train
#pragma once

#include <concepts>
#include <cstdint>
#include <string>

#include <ctp/core/needs.hpp>
#include <ctp/core/policy.hpp>
#include <ctp/momentum/require.hpp>
#include <ctp/objective/all.hpp>
#include <ctp/objective/require.hpp>
#include <ctp/optim/require.hpp>
#include <ctp/optim/schedule/require.hpp>
#include <ctp/penalty/require.hpp>
#include <ctp/rehearsal/require.hpp>
#include <ctp/train/step.hpp>

namespace ctp {

/// @brief The policies that a strategy names, made for one model, each with its State.
///
/// A policy knows no other policy. An ill-formed policy stops the compilation here, with one sentence.
template <class Strategy, class ModelType>
class Policies {
 public:
  using Model = ModelType;
  using B = typename Model::Backend;
  using Losses = All<typename Strategy::Objective, typename Strategy::Distillation>;
  using Momentum = typename Strategy::Momentum;
  using Penalty = typename Strategy::Penalty;
  using Rehearsal = typename Strategy::Rehearsal;
  using Optimizer = typename Strategy::Optimizer;
  using Schedule = typename Strategy::Schedule;

  static_assert(objective::require_losses<typename Strategy::Objective, Step<Model>>());
  static_assert(objective::require_losses<typename Strategy::Distillation, Step<Model>>());
  static_assert(momentum::require_momentum_policy<Momentum, Model>());
  static_assert(penalty::require_penalty<Penalty, Model>());
  static_assert(rehearsal::require_rehearsal_policy<Rehearsal, Model>());
  static_assert(optim::require_optimizer<Optimizer, Model>());
  static_assert(optim::require_schedule<Schedule>());

  static constexpr Needs needs = Losses::needs | Momentum::needs;
  static constexpr bool keeps_previous = needs.previous != Output::Nothing;
  static constexpr bool keeps_momentum = Momentum::active;
  static constexpr bool keeps_pairs = rehearsal::KeepsPairs<Rehearsal, Model>;
  static_assert(
      needs.momentum == Output::Nothing || keeps_momentum,
      "[ctp.strategy.momentum] a policy of this strategy asks for the momentum model, but its Momentum is None; "
      "name one: 'using Momentum = ctp::momentum::Compatible'. See docs/policies/momentum.md");

  static_assert(
      std::same_as<typename Strategy::Projection, typename Model::Projection>,
      "[ctp.strategy.projection] this strategy and this model project class tokens in different ways; make the "
      "model with the strategy's: 'ctp::VisionLanguageModel<ImageEncoder, TextEncoder, Backend, typename "
      "Strategy::Projection>'. See docs/policies/distillation.md");

  /// Policies with their default settings. `seed`: of the random numbers in the states.
  Policies(const Model& model, std::uint64_t seed)
      : losses_state_(make_state(losses_, model, seed)),
        momentum_state_(make_state(momentum_, model, seed)),
        penalty_state_(make_state(penalty_, model, seed)),
        rehearsal_state_(make_state(rehearsal_, model, seed)),
        optimizer_state_(make_state(optimizer_, model, seed)) {}

  [[nodiscard]] Losses& losses() { return losses_; }
  [[nodiscard]] const Losses& losses() const { return losses_; }
  [[nodiscard]] auto& losses_state() { return losses_state_; }
  [[nodiscard]] const auto& losses_state() const { return losses_state_; }
  [[nodiscard]] Momentum& momentum() { return momentum_; }
  [[nodiscard]] auto& momentum_state() { return momentum_state_; }
  [[nodiscard]] Penalty& penalty() { return penalty_; }
  [[nodiscard]] auto& penalty_state() { return penalty_state_; }
  [[nodiscard]] Rehearsal& rehearsal() { return rehearsal_; }
  [[nodiscard]] const Rehearsal& rehearsal() const { return rehearsal_; }
  [[nodiscard]] auto& rehearsal_state() { return rehearsal_state_; }
  [[nodiscard]] const auto& rehearsal_state() const { return rehearsal_state_; }
  [[nodiscard]] Optimizer& optimizer() { return optimizer_; }
  [[nodiscard]] auto& optimizer_state() { return optimizer_state_; }
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
  /// Calls archive("name", member) for each member of each State.
  template <class Archive>
  void visit(Archive&& archive) {
    losses_state_.visit(archive);
    momentum_state_.visit(archive);
    penalty_state_.visit(archive);
    rehearsal_state_.visit(archive);
    optimizer_state_.visit(archive);
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
  PolicyState<Losses, Model> losses_state_;
  PolicyState<Momentum, Model> momentum_state_;
  PolicyState<Penalty, Model> penalty_state_;
  PolicyState<Rehearsal, Model> rehearsal_state_;
  PolicyState<Optimizer, Model> optimizer_state_;
};

}  // namespace ctp
