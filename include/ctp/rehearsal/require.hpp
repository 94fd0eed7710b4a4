/// @file   ctp/rehearsal/require.hpp
/// @brief  Compile-time checks of rehearsal policies, with one sentence for each missing member.
/// @layer  rehearsal
#pragma once

#include <concepts>

#include <ctp/rehearsal/concepts.hpp>

namespace ctp::rehearsal {

/// Stops the compilation with one sentence for the first member that `Policy` lacks.
template <class Policy, class Model>
consteval bool require_rehearsal_policy() {
  static_assert(std::copyable<Policy>,
                "[ctp.rehearsal.copyable] a rehearsal policy holds settings only and must be copyable; move what it "
                "keeps into 'template <class Model> struct State'. See docs/policies/rehearsal.md");
  static_assert(SaysWhetherItJoins<Policy>,
                "[ctp.rehearsal.joins] a rehearsal policy needs 'static constexpr bool joins_all_tasks', true if a "
                "stream is trained as one task. See docs/policies/rehearsal.md");
  static_assert(MakesState<Policy, Model>,
                "[ctp.rehearsal.init] a rehearsal policy with a State needs 'State<Model> init(const Model&, "
                "std::uint64_t seed) const'. See docs/policies/rehearsal.md");
  if constexpr (MakesState<Policy, Model> && !std::same_as<PolicyState<Policy, Model>, NoState>) {
    static_assert(VisitsState<Policy, Model>,
                  "[ctp.rehearsal.visit] the State of a rehearsal policy needs 'template <class Archive> void "
                  "visit(Archive&)', which calls archive(\"name\", member) for each member. See "
                  "docs/policies/rehearsal.md");
    static_assert(Chooses<Policy, Model>,
                  "[ctp.rehearsal.choose] a rehearsal policy with a State needs 'void choose(State<Model>&, const "
                  "ctp::rehearsal::Candidates&) const', called when a task has been learned. See "
                  "docs/policies/rehearsal.md");
    static_assert(HasMembers<Policy, Model>,
                  "[ctp.rehearsal.members] a rehearsal policy with a State needs 'members(const State<Model>&) const', "
                  "which returns the ordinals to train with every task to come, as a std::vector<std::uint32_t> or "
                  "span. See docs/policies/rehearsal.md");
  }
  return true;
}

}  // namespace ctp::rehearsal
