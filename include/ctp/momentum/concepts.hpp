/// @file   ctp/momentum/concepts.hpp
/// @brief  Concepts of a momentum policy.
/// @layer  momentum
#pragma once

#include <concepts>

#include <ctp/core/policy_concepts.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::momentum {

/// `policy.update<Backend>(n, slow, online, previous)` updates the momentum weights, once a step, before the models
/// run.
template <class P, class Backend>
concept Updates = requires(const P policy, Index n, typename Backend::Real* slow, const typename Backend::Real* fixed) {
  { policy.template update<Backend>(n, slow, fixed, fixed) } -> std::same_as<void>;
};

/// @brief A momentum policy: the update of the momentum weights. The Learner holds the weights; the policy has no
/// State.
///
/// `active = false` means no momentum model; `update` is not required then. Optional: `settings(visitor)`.
template <class P, class Backend>
concept MomentumPolicy = std::copyable<P> && IsActive<P> && HasNeeds<P> && (!P::active || Updates<P, Backend>);

}  // namespace ctp::momentum
