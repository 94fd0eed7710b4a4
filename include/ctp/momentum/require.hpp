/// @file   ctp/momentum/require.hpp
/// @brief  Compile-time checks of momentum policies, with one sentence for each missing member.
/// @layer  momentum
#pragma once

#include <concepts>

#include <ctp/momentum/concepts.hpp>

namespace ctp::momentum {

namespace detail {
/// Whether a type is a list of momentum policies, such as All<Ema, Compatible> or std::tuple<Ema, Compatible>.
template <class Policy>
inline constexpr bool is_list_of_rules = false;
template <template <class...> class List, class First, class... Others>
inline constexpr bool is_list_of_rules<List<First, Others...>> =
    !IsActive<List<First, Others...>> && IsActive<First> && (true && ... && IsActive<Others>);
}  // namespace detail

/// Stops the compilation with one sentence for the first member that `Policy` lacks.
template <class Policy, class Backend>
consteval bool require_momentum_policy() {
  static_assert(!detail::is_list_of_rules<Policy>,
                "[ctp.momentum.one] a strategy has one momentum policy, found a list of them; name one: 'using "
                "Momentum = ctp::momentum::Compatible', or write one whose 'update' does what all of them do. See "
                "docs/policies/momentum.md");
  static_assert(detail::is_list_of_rules<Policy> || IsActive<Policy>,
                "[ctp.momentum.active] a momentum policy needs 'static constexpr bool active = true'. "
                "See docs/policies/momentum.md");
  static_assert(detail::is_list_of_rules<Policy> || HasNeeds<Policy>,
                "[ctp.momentum.needs] a momentum policy needs 'static constexpr ctp::Needs needs', with "
                "'.previous = ctp::Output::Weights' if it reads the previous model. See docs/policies/momentum.md");
  static_assert(std::copyable<Policy>,
                "[ctp.momentum.copyable] a momentum policy holds settings only and must be copyable. "
                "See docs/policies/momentum.md");
  if constexpr (IsActive<Policy>) {
    if constexpr (Policy::active)
      static_assert(Updates<Policy, Backend>,
                    "[ctp.momentum.update] a momentum policy needs 'template <class B> void update(Index n, B::Real* "
                    "slow, const B::Real* online, const B::Real* previous) const'. See docs/policies/momentum.md");
  }
  return true;
}

}  // namespace ctp::momentum
