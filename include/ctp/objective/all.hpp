/// @file   ctp/objective/all.hpp
/// @brief  Several losses as one policy.
/// @layer  objective
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/core/needs.hpp>
#include <ctp/core/policy.hpp>

namespace ctp {

/// @brief The weighted sum of several losses, objectives or distillations; each may be an All itself.
///
/// A loss whose teacher does not exist yet (the previous model, on the first task) is silent: it adds nothing.
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

  /// The loss of all policies that can run on this step, each reported to it by name and without its weight.
  template <class Step, class AllState>
  auto loss(Step& step, AllState& state) const {
    const auto& pass = step.online.pass();
    auto total = pass.make(Shape<0>{});
    Step::Backend::zero(total.value.data, 1);
    for_each(state, [&](const auto& policy, auto& own, double weight) {
      if (is_silent(policy, step)) return;
      const auto part = loss_of(policy, step, own);
      if constexpr (is_leaf<decltype(policy)>) step.report(policy.name, part);
      total = add(pass, total, part, weight);
    });
    return total;
  }

  /// The loss of one of the policies by itself, without its weight.
  template <std::size_t I, class Step, class AllState>
  auto loss_of_one(Step& step, AllState& state) const {
    return loss_of(std::get<I>(policies), step, std::get<I>(state.states));
  }

  /// Makes lasting what a step did to the states. Called after the guard has found the step sound.
  template <class Step, class AllState>
  void commit(Step& step, AllState& state) const {
    for_each(state, [&](const auto& policy, auto& own, double) {
      if constexpr (requires { policy.commit(step, own); })
        if (!is_silent(policy, step)) policy.commit(step, own);
    });
  }

  template <class Visitor>
  void settings(Visitor& visitor) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (visit_one(std::get<I>(policies), weights[I], visitor), ...);
    }(std::index_sequence_for<Policies...>{});
  }

 private:
  /// A policy with a loss of its own, as opposed to an All, whose members decide for themselves whether they can run.
  template <class Policy>
  static constexpr bool is_leaf = requires { std::remove_cvref_t<Policy>::name; };
  template <class Policy, class Step>
  static bool is_silent(const Policy& policy, const Step& step) {
    return is_leaf<Policy> && !step.can_run(policy.needs);
  }
  static constexpr std::array<double, sizeof...(Policies)> ones() {
    std::array<double, sizeof...(Policies)> w{};
    for (double& one : w) one = 1;
    return w;
  }
  template <class AllState, class Visit>
  void for_each(AllState& state, const Visit& visit) const {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (visit(std::get<I>(policies), std::get<I>(state.states), weights[I]), ...);
    }(std::index_sequence_for<Policies...>{});
  }
  template <class Policy, class Step, class Own>
  static auto loss_of(const Policy& policy, Step& step, Own& own) {
    if constexpr (std::same_as<Own, NoState>)
      return policy.loss(step);
    else
      return policy.loss(step, own);
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
