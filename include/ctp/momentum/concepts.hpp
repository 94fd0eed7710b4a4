/// @file   ctp/momentum/concepts.hpp
/// @brief  Concepts of a momentum policy.
/// @layer  momentum
#pragma once

#include <concepts>

#include <ctp/core/policy_concepts.hpp>
#include <ctp/core/shape.hpp>
#include <ctp/momentum/view.hpp>

namespace ctp::momentum {

/// `policy.update(view)` or `policy.update(view, state)` updates the momentum weights, once before every step.
template <class P, class Model>
concept Updates = requires(const P policy, const ViewFor<P, typename Model::Backend>& view) {
  { policy.update(view) } -> std::same_as<void>;
} || requires(const P policy, const ViewFor<P, typename Model::Backend>& view, PolicyState<P, Model>& state) {
  { policy.update(view, state) } -> std::same_as<void>;
};

/// The form of earlier versions: `policy.update<Backend>(n, slow, online, previous)`.
template <class P, class Backend>
concept UpdatesVectors =
    requires(const P policy, Index n, typename Backend::Real* slow, const typename Backend::Real* fixed) {
      policy.template update<Backend>(n, slow, fixed, fixed);
    };

/// @brief A momentum policy: settings, an optional State, and the update of the momentum weights, which the Learner
/// holds.
///
/// `active = false` means no momentum model; `update` is not required then. Optional: `settings(visitor)`.
template <class P, class Model>
concept MomentumPolicy = std::copyable<P> && IsActive<P> && HasNeeds<P> && MakesState<P, Model> &&
                         VisitsState<P, Model> && (!P::active || Updates<P, Model>);

}  // namespace ctp::momentum
