/// @file   ctp/core/policy.hpp
/// @brief  Form of a policy: settings in public members, changing values in a State.
/// @layer  core
#pragma once

#include <concepts>
#include <cstdint>

namespace ctp {

/// State of a policy that declares none.
struct NoState {
  template <class Archive>
  void visit(Archive&) {}
};

namespace detail {
template <class Policy, class Model>
struct StateOf {
  using type = NoState;
};
template <class Policy, class Model>
  requires requires { typename Policy::template State<Model>; }
struct StateOf<Policy, Model> {
  using type = typename Policy::template State<Model>;
};
}  // namespace detail

/// @brief The values that a policy keeps between steps: its member template State<Model>, or NoState if it has none.
///
/// `policy.init(model, seed)` makes the State. The State offers `visit(archive)`, which calls archive("name", member)
/// for each member: a checkpoint saves and restores the State through these calls.
template <class Policy, class Model>
using PolicyState = typename detail::StateOf<Policy, Model>::type;

/// The State at the start of a run.
template <class Policy, class Model>
PolicyState<Policy, Model> make_state(const Policy& policy, const Model& model, std::uint64_t seed) {
  if constexpr (std::same_as<PolicyState<Policy, Model>, NoState>)
    return {};
  else
    return policy.init(model, seed);
}

/// Calls visitor("name", member) for each setting of a policy, if the policy has settings.
template <class Policy, class Visitor>
void visit_settings(Policy& policy, Visitor&& visitor) {
  if constexpr (requires { policy.settings(visitor); }) policy.settings(visitor);
}

}  // namespace ctp
