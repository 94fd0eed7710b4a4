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
template <class Policy, class Model>
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
  static_assert(MakesState<Policy, Model>,
                "[ctp.momentum.init] a momentum policy with a State needs 'State<Model> init(const Model&, "
                "std::uint64_t seed) const'. See docs/policies/momentum.md");
  if constexpr (MakesState<Policy, Model>)
    static_assert(VisitsState<Policy, Model>,
                  "[ctp.momentum.visit] the State of a momentum policy needs 'template <class Archive> void "
                  "visit(Archive&)', which calls archive(\"name\", member) for each member. See "
                  "docs/policies/momentum.md");
  if constexpr (IsActive<Policy> && HasNeeds<Policy> && MakesState<Policy, Model>) {
    if constexpr (Policy::active) {
      using Backend = typename Model::Backend;
      static_assert(!UpdatesVectors<Policy, Backend>,
                    "[ctp.momentum.view] 'update' takes a view now, in place of n, slow, online and previous: "
                    "'template <class View> void update(const View& view) const', with view.size(), view.slow(), "
                    "view.online(), view.previous(), and 'typename View::Backend'. See docs/policies/momentum.md");
      static_assert(UpdatesVectors<Policy, Backend> || Updates<Policy, Model>,
                    "[ctp.momentum.update] a momentum policy needs 'template <class View> void update(const View& "
                    "view) const', or with its State as a second argument. See docs/policies/momentum.md");
    }
  }
  return true;
}

}  // namespace ctp::momentum
