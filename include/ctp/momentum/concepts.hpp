/// @file   ctp/momentum/concepts.hpp
/// @brief  What a type must offer to be a momentum policy.
/// @layer  momentum
#pragma once

#include <concepts>

#include <ctp/core/policy_concepts.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::momentum {

/// `Policy::active` says whether there is a momentum model at all.
template <class P>
concept SaysWhetherActive = requires {
  { P::active } -> std::same_as<const bool&>;
};

/// `policy.update<Backend>(n, slow, online, previous)` moves the momentum weights, once a step, before the models run.
template <class P, class Backend>
concept Updates = requires(const P policy, Index n, typename Backend::Real* slow, const typename Backend::Real* fixed) {
  { policy.template update<Backend>(n, slow, fixed, fixed) } -> std::same_as<void>;
};

/// @brief A momentum rule: how the momentum weights follow. It keeps nothing itself, the Learner holds the weights.
///
/// Not required: `settings(visitor)`; of a policy that is not active, `update`.
template <class P, class Backend>
concept MomentumPolicy = std::copyable<P> && SaysWhetherActive<P> && HasNeeds<P> && (!P::active || Updates<P, Backend>);

}  // namespace ctp::momentum
