/// @file   ctp/train/policies.hpp
/// @brief  The policies of one strategy with their states, and compile-time checks of the policies.
/// @layer  train
#pragma once

#include <concepts>
#include <cstdint>
#include <utility>

#include <ctp/core/needs.hpp>
#include <ctp/core/policy.hpp>
#include <ctp/momentum/require.hpp>
#include <ctp/objective/parameters.hpp>
#include <ctp/objective/require.hpp>
#include <ctp/optim/require.hpp>
#include <ctp/optim/schedule/require.hpp>
#include <ctp/penalty/require.hpp>
#include <ctp/rehearsal/require.hpp>
#include <ctp/train/chosen_policies.hpp>
#include <ctp/train/step.hpp>

namespace ctp {

/// @brief The policies that a strategy names, made for one model, each with its State.
///
/// A policy knows no other policy. An ill-formed policy stops the compilation here, with one sentence.
template <class Strategy, class ModelType>
class Policies : public ChosenPolicies<Strategy> {
  using Chosen = ChosenPolicies<Strategy>;

 public:
  using Model = ModelType;
  using B = typename Model::Backend;
  using typename Chosen::Losses;
  using typename Chosen::Momentum;
  using typename Chosen::Optimizer;
  using typename Chosen::Penalty;
  using typename Chosen::Rehearsal;
  using typename Chosen::Schedule;

  static_assert(objective::require_losses<typename Strategy::Objective, Step<Model>>());
  static_assert(objective::require_losses<typename Strategy::Distillation, Step<Model>>());
  static_assert(momentum::require_momentum_policy<Momentum, B>());
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

  /// @brief Calls configure(ChosenPolicies&), adds the parameters of the losses to the layout of `model`, and makes the
  /// states. `seed`: of the random numbers in the states. **Errors.** of configure(); as Layout::add().
  template <class Configure>
  Policies(Model& model, std::uint64_t seed, const Configure& configure)
      : Chosen(configured(configure, model)),
        losses_state_(make_state(this->losses(), std::as_const(model), seed)),
        penalty_state_(make_state(this->penalty(), std::as_const(model), seed)),
        rehearsal_state_(make_state(this->rehearsal(), std::as_const(model), seed)),
        optimizer_state_(make_state(this->optimizer(), std::as_const(model), seed)) {}

  [[nodiscard]] auto& losses_state() { return losses_state_; }
  [[nodiscard]] const auto& losses_state() const { return losses_state_; }
  [[nodiscard]] auto& penalty_state() { return penalty_state_; }
  [[nodiscard]] auto& rehearsal_state() { return rehearsal_state_; }
  [[nodiscard]] const auto& rehearsal_state() const { return rehearsal_state_; }
  [[nodiscard]] auto& optimizer_state() { return optimizer_state_; }

  /// Calls archive("name", member) for each member of each State.
  template <class Archive>
  void visit(Archive&& archive) {
    losses_state_.visit(archive);
    penalty_state_.visit(archive);
    rehearsal_state_.visit(archive);
    optimizer_state_.visit(archive);
  }

 private:
  template <class Configure>
  static Chosen configured(const Configure& configure, Model& model) {
    Chosen chosen;
    configure(chosen);
    register_parameters(chosen.losses(), model);
    return chosen;
  }

  PolicyState<Losses, Model> losses_state_;
  PolicyState<Penalty, Model> penalty_state_;
  PolicyState<Rehearsal, Model> rehearsal_state_;
  PolicyState<Optimizer, Model> optimizer_state_;
};

}  // namespace ctp
