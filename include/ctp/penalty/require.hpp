/// @file   ctp/penalty/require.hpp
/// @brief  Compile-time checks of penalties and of passes over a task, with one sentence for each missing member.
/// @layer  penalty
#pragma once

#include <concepts>

#include <ctp/penalty/concepts.hpp>

namespace ctp::penalty {

/// Stops the compilation with one sentence if `Passes` lacks a member that the hooks of a penalty may call.
template <class Passes>
consteval bool require_task_walk() {
  static_assert(TaskWalk<Passes>,
                "[ctp.penalty.walk] passes over a task need 'Backend', 'Real', 'Optimizer', 'size()', 'theta()', "
                "'task()', 'epoch()', 'batches()', 'rate(std::size_t batch)', 'optimizer()', 'ranges()', 'void "
                "objective(const Real* theta, use)' and 'void gradients(const Real* theta, loss, use)', where "
                "use(Real* gradient, std::size_t batch). See docs/policies/penalty.md");
  return true;
}

/// Stops the compilation with one sentence for the first member that `Policy` lacks.
template <class Policy, class Model>
consteval bool require_penalty() {
  static_assert(std::copyable<Policy>,
                "[ctp.penalty.copyable] a penalty holds settings only and must be copyable; move its buffers into "
                "'template <class Model> struct State'. See docs/policies/penalty.md");
  static_assert(IsActive<Policy>,
                "[ctp.penalty.active] a penalty needs 'static constexpr bool active', false if there is none. See "
                "docs/policies/penalty.md");
  if constexpr (IsActive<Policy>) {
    if constexpr (Policy::active) {
      static_assert(HasName<Policy>,
                    "[ctp.penalty.name] a penalty needs 'static constexpr const char* name', by which reports call "
                    "it. See docs/policies/penalty.md");
      static_assert(MakesState<Policy, Model>,
                    "[ctp.penalty.init] a penalty with a State needs 'State<Model> init(const Model&, std::uint64_t "
                    "seed) const'. See docs/policies/penalty.md");
      if constexpr (MakesState<Policy, Model>) {  // without init() the next two assertions would repeat the last one
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
