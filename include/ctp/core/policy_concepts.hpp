/// @file   ctp/core/policy_concepts.hpp
/// @brief  Concepts that policies of several kinds share: name, needs, switch and State.
/// @layer  core
#pragma once

#include <concepts>
#include <cstdint>

#include <ctp/core/archive.hpp>
#include <ctp/core/needs.hpp>
#include <ctp/core/policy.hpp>

namespace ctp {

/// `Policy::name` is the policy's name in reports, logs and settings.
template <class P>
concept HasName = requires {
  { P::name } -> std::convertible_to<const char*>;
};

/// `Policy::active`: a bool, false for a policy without effect, such as None.
template <class P>
concept IsActive = requires {
  { P::active } -> std::same_as<const bool&>;
};

/// `Policy::needs` names the teachers that the policy reads, and which outputs of each.
template <class P>
concept HasNeeds = requires {
  { P::needs } -> std::same_as<const Needs&>;
};

/// `policy.init(model, seed)` makes the State of one run. Required only of a policy that declares State<Model>.
template <class P, class Model>
concept MakesState = std::same_as<PolicyState<P, Model>, NoState> || requires(const P policy, const Model& model) {
  { policy.init(model, std::uint64_t{}) } -> std::same_as<PolicyState<P, Model>>;
};

/// `state.visit(archive)` passes every member to the archive, so that a checkpoint can save and restore the State.
template <class P, class Model>
concept VisitsState = requires(PolicyState<P, Model>& state, detail::AnyArchive& archive) { state.visit(archive); };

}  // namespace ctp
