/// @file   ctp/core/policy_concepts.hpp
/// @brief  What every policy with a State must offer.
/// @layer  core
#pragma once

#include <concepts>
#include <cstdint>
#include <string>

#include <ctp/core/needs.hpp>
#include <ctp/core/policy.hpp>

namespace ctp {

namespace detail {
/// Accepts whatever a visit() hands out.
struct AnyArchive {
  template <class Value>
  void operator()(const std::string&, Value&) const {}
};
}  // namespace detail

/// `Policy::needs` says which teachers it reads, and what of them.
template <class P>
concept HasNeeds = requires {
  { P::needs } -> std::same_as<const Needs&>;
};

/// `policy.init(model, seed)` makes the State that one run keeps. Asked only of a policy that declares State<Model>.
template <class P, class Model>
concept MakesState = std::same_as<PolicyState<P, Model>, NoState> || requires(const P policy, const Model& model) {
  { policy.init(model, std::uint64_t{}) } -> std::same_as<PolicyState<P, Model>>;
};

/// `state.visit(archive)` shows every member, so that a checkpoint can save and load it.
template <class P, class Model>
concept VisitsState = requires(PolicyState<P, Model>& state, detail::AnyArchive& archive) { state.visit(archive); };

}  // namespace ctp
