/// @file   ctp/penalty/require.hpp
/// @brief  Says in words what is wrong with a type that should be a penalty.
/// @layer  penalty
#pragma once

#include <concepts>

#include <ctp/penalty/concepts.hpp>

namespace ctp::penalty {

/// Stops the compilation with one sentence for the first thing that `Policy` lacks.
template <class Policy, class Model>
consteval bool require_penalty() {
  static_assert(std::copyable<Policy>,
                "[ctp.penalty.copyable] a penalty holds settings only and must be copyable; move its buffers into "
                "'template <class Model> struct State'. See docs/policies/penalty.md");
  static_assert(SaysActive<Policy>,
                "[ctp.penalty.active] a penalty needs 'static constexpr bool active', false if there is none. See "
                "docs/policies/penalty.md");
  if constexpr (SaysActive<Policy>) {
    if constexpr (Policy::active) {
      static_assert(HasName<Policy>,
                    "[ctp.penalty.name] a penalty needs 'static constexpr const char* name', by which reports call "
                    "it. See docs/policies/penalty.md");
      static_assert(MakesState<Policy, Model>,
                    "[ctp.penalty.init] a penalty with a State needs 'State<Model> init(const Model&, std::uint64_t "
                    "seed) const'. See docs/policies/penalty.md");
      if constexpr (MakesState<Policy, Model>) {  // else the next two would only repeat the last
        static_assert(
            VisitsState<Policy, Model>,
            "[ctp.penalty.visit] the State of a penalty needs 'template <class Archive> void visit(Archive&)', which "
            "calls archive(\"name\", member) for each member. See docs/policies/penalty.md");
        static_assert(
            GivesTerm<Policy, Model>,
            "[ctp.penalty.term] a penalty needs 'auto term(State<Model>&) const' that returns a small struct with "
            "'CTP_HD double value(ctp::Index i, Real theta) const' and 'CTP_HD Real gradient(ctp::Index i, Real "
            "theta) const'. See docs/policies/penalty.md");
      }
    }
  }
  return true;
}

}  // namespace ctp::penalty
