/// @file   ctp/momentum/require.hpp
/// @brief  Says in words what is wrong with a type that should be a momentum policy.
/// @layer  momentum - may include: core, backend, tensor, autograd, nn
#pragma once

#include <concepts>

#include <ctp/momentum/concepts.hpp>

namespace ctp::momentum {

/// Stops the compilation with one sentence for the first thing that `Policy` lacks.
template <class Policy, class Backend>
consteval bool require_momentum_policy() {
  static_assert(SaysWhetherActive<Policy>,
                "[ctp.momentum.active] a momentum policy needs 'static constexpr bool active = true'. "
                "See docs/policies/momentum.md");
  static_assert(HasNeeds<Policy>,
                "[ctp.momentum.needs] a momentum policy needs 'static constexpr ctp::Needs needs', with "
                "'.previous = ctp::Output::Weights' if it reads the previous model. See docs/policies/momentum.md");
  static_assert(std::copyable<Policy>,
                "[ctp.momentum.copyable] a momentum policy holds settings only and must be copyable. "
                "See docs/policies/momentum.md");
  if constexpr (SaysWhetherActive<Policy>) {
    if constexpr (Policy::active)
      static_assert(Updates<Policy, Backend>,
                    "[ctp.momentum.update] a momentum policy needs 'template <class B> void update(Index n, B::Real* "
                    "slow, const B::Real* online, const B::Real* previous) const'. See docs/policies/momentum.md");
  }
  return true;
}

}  // namespace ctp::momentum
