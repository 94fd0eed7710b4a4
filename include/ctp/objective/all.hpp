/// @file   ctp/objective/all.hpp
/// @brief  Weighted sum of several losses, as one policy.
/// @layer  objective
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/core/needs.hpp>
#include <ctp/core/policy.hpp>
#include <ctp/core/policy_errors.hpp>
#include <ctp/objective/parameters.hpp>
#include <ctp/objective/step_view.hpp>

namespace ctp {

/// @brief The weighted sum of several losses, objectives or distillations. Each loss may be an All itself.
///
/// A loss without its teacher (the previous model, on the first task) is silent and adds nothing. Each loss sees the
/// step through a StepView, which has exactly the teachers and outputs that its `needs` name.
/// **Errors.** as the losses; a ShapeError or UsageError is led by the name of the loss.
/// **Gradient.** to the online model, that of the weighted sum.
template <class... Policies>
struct All {
  static constexpr Needs needs = (Needs{} | ... | Policies::needs);

  std::tuple<Policies...> policies;
  std::array<double, sizeof...(Policies)> weights = ones();

  template <class Model>
  struct State {
    std::tuple<PolicyState<Policies, Model>...> states;
    template <class Archive>
    void visit(Archive& archive) {
      std::apply([&](auto&... state) { (state.visit(archive), ...); }, states);
    }
  };
  template <class Model>
  State<Model> init(const Model& model, std::uint64_t seed) const {
    return std::apply([&](const auto&... policy) { return State<Model>{{make_state(policy, model, seed)...}}; },
                      policies);
  }

  /// Adds the parameters of each policy under its name. **Errors.** as Layout::add().
  void parameters(Layout& layout, const ModelConfig& config)
    requires(... || objective::OwnsParameters<Policies>)
  {
    const auto add = [&]<class Policy>(Policy& policy) {
      if constexpr (is_leaf<Policy>)
        layout.add_of_policy(policy.name, [&](Layout& own) { objective::add_parameters(policy, own, config); });
      else
        objective::add_parameters(policy, layout, config);
    };
    std::apply([&](auto&... policy) { (add(policy), ...); }, policies);
  }

  /// The weighted sum of all losses that can run on this step. Reports each loss to the step by name, without weight.
  template <class Step, class AllState>
  auto loss(Step& step, AllState& state) const {
    auto total = zero_loss(step);
    for_each(state, [&](const auto& policy, auto& state_of_policy, double weight) {
      if (is_silent(policy, step)) return;
      const auto part = loss_of(policy, step, state_of_policy);
      if constexpr (is_leaf<decltype(policy)>) step.report(policy.name, part);
      total = add(step.online.pass(), total, part, weight);
    });
    return total;
  }

  /// The loss of policy I, without its weight; 0 if it cannot run on this step.
  template <std::size_t I, class Step, class AllState>
  auto loss_of_one(Step& step, AllState& state) const {
    const auto& policy = std::get<I>(policies);
    return is_silent(policy, step) ? zero_loss(step) : loss_of(policy, step, std::get<I>(state.states));
  }

  /// The smallest batch that every loss with a weight can learn from.
  [[nodiscard]] int least_pairs_in_use() const {
    int least = 1;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      ((least = weights[I] == 0 ? least : std::max(least, least_pairs_of(std::get<I>(policies)))), ...);
    }(std::index_sequence_for<Policies...>{});
    return least;
  }

  /// Writes the step's changes into the states. On a host, called after losses and gradient were found finite. On a
  /// device, called before the check; the check's skip flag then makes the launched kernels no-ops.
  template <class Step, class AllState>
  void commit(Step& step, AllState& state) const {
    for_each(state, [&](const auto& policy, auto& state_of_policy, double) {
      if (!is_silent(policy, step)) commit_one(policy, step, state_of_policy);
    });
  }

  template <class Visitor>
  void settings(Visitor& visitor) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (visit_one(std::get<I>(policies), weights[I], visitor), ...);
    }(std::index_sequence_for<Policies...>{});
  }

 private:
  /// True for a policy with a loss of its own. False for an All: each member of an All is tested by itself.
  template <class Policy>
  static constexpr bool is_leaf = requires { std::remove_cvref_t<Policy>::name; };
  template <class Policy, class Step>
  static bool is_silent(const Policy& policy, const Step& step) {
    return is_leaf<Policy> && !can_run(step, policy.needs);
  }
  static constexpr std::array<double, sizeof...(Policies)> ones() {
    std::array<double, sizeof...(Policies)> w{};
    for (double& weight : w) weight = 1;
    return w;
  }
  template <class AllState, class Visit>
  void for_each(AllState& state, const Visit& visit) const {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (visit(std::get<I>(policies), std::get<I>(state.states), weights[I]), ...);
    }(std::index_sequence_for<Policies...>{});
  }
  template <class Step>
  static auto zero_loss(Step& step) {
    auto zero = step.online.pass().make(Shape<0>{});
    Step::Backend::zero(zero.value.data, 1);
    return zero;
  }
  template <class Policy, class Step, class StateOfPolicy>
  static auto loss_of(const Policy& policy, Step& step, StateOfPolicy& state) {
    if constexpr (is_leaf<Policy>) {
      ViewFor<Policy, Step> view(step);
      try {
        if constexpr (std::same_as<StateOfPolicy, NoState>)
          return policy.loss(view);
        else
          return policy.loss(view, state);
      } catch (...) {
        detail::rethrow_in_name_of(policy.name);
      }
    } else {
      return policy.loss(step, state);
    }
  }
  template <class Policy, class Step, class StateOfPolicy>
  static void commit_one(const Policy& policy, Step& step, StateOfPolicy& state) {
    if constexpr (is_leaf<Policy>) {
      using View = ViewFor<Policy, Step>;
      if constexpr (requires(View& view) { policy.commit(view, state); }) {
        View view(step);
        try {
          policy.commit(view, state);
        } catch (...) {
          detail::rethrow_in_name_of(policy.name);
        }
      }
    } else {
      policy.commit(step, state);
    }
  }
  template <class Policy, class Visitor>
  static void visit_one(Policy& policy, double& weight, Visitor& visitor) {
    if constexpr (is_leaf<Policy>) {
      const std::string prefix = std::string(policy.name) + ".";
      visitor(prefix + "weight", weight);
      auto prefixed = [&](const std::string& key, auto& value) { visitor(prefix + key, value); };
      visit_settings(policy, prefixed);
    } else {
      visit_settings(policy, visitor);
    }
  }
};

}  // namespace ctp
