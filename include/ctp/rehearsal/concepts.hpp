/// @file   ctp/rehearsal/concepts.hpp
/// @brief  Concepts of a rehearsal policy.
/// @layer  rehearsal
#pragma once

#include <concepts>
#include <cstdint>
#include <span>

#include <ctp/core/policy_concepts.hpp>
#include <ctp/rehearsal/candidates.hpp>

namespace ctp::rehearsal {

/// `Policy::joins_all_tasks` says whether all tasks of a stream are trained together, as one task.
template <class P>
concept SaysWhetherItJoins = requires {
  { P::joins_all_tasks } -> std::same_as<const bool&>;
};

/// `policy.choose(state, candidates)`: called after a task; writes the pairs to keep into the State.
template <class P, class Model>
concept Chooses = requires(const P policy, PolicyState<P, Model>& state, const Candidates& task) {
  { policy.choose(state, task) } -> std::same_as<void>;
};

/// `policy.members(state)`: the ordinals of the kept pairs, which are trained with every later task.
template <class P, class Model>
concept HasMembers = requires(const P policy, const PolicyState<P, Model>& state) {
  { policy.members(state) } -> std::convertible_to<std::span<const std::uint32_t>>;
};

/// A rehearsal policy that keeps single pairs.
template <class P, class Model>
concept KeepsPairs = Chooses<P, Model> && HasMembers<P, Model>;

/// @brief A rehearsal policy. A policy that keeps pairs has a State, choose() and members(). Optional:
/// `settings(visitor)`.
template <class P, class Model>
concept RehearsalPolicy = std::copyable<P> && SaysWhetherItJoins<P> && MakesState<P, Model> && VisitsState<P, Model> &&
                          (std::same_as<PolicyState<P, Model>, NoState> || KeepsPairs<P, Model>);

}  // namespace ctp::rehearsal
