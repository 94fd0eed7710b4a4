/// @file   ctp/objective/require.hpp
/// @brief  Says in words what is wrong with a type that should be a loss.
/// @layer  objective
#pragma once

#include <concepts>

#include <ctp/objective/all.hpp>
#include <ctp/objective/concepts.hpp>

namespace ctp::objective {

/// Stops the compilation with one sentence for the first thing that `Policy` lacks. `StepType` offers Model and
/// Backend.
template <class Policy, class StepType>
consteval bool require_loss() {
  using Model = typename StepType::Model;
  static_assert(HasName<Policy>,
                "[ctp.objective.name] a loss needs 'static constexpr const char* name', by which reports and settings "
                "call it. See docs/policies/objective.md");
  static_assert(HasNeeds<Policy>,
                "[ctp.objective.needs] a loss needs 'static constexpr ctp::Needs needs', naming the teachers it reads; "
                "'needs{}' if none. See docs/policies/objective.md");
  static_assert(std::copyable<Policy>,
                "[ctp.objective.copyable] a loss holds settings only and must be copyable; move its buffers into "
                "'template <class Model> struct State'. See docs/policies/objective.md");
  static_assert(MakesState<Policy, Model>,
                "[ctp.objective.init] a loss with a State needs 'State<Model> init(const Model&, std::uint64_t seed) "
                "const'. See docs/policies/objective.md");
  if constexpr (MakesState<Policy, Model>) {  // else the next two would only repeat the last
    static_assert(VisitsState<Policy, Model>,
                  "[ctp.objective.visit] the State of a loss needs 'template <class Archive> void visit(Archive&)', "
                  "which calls archive(\"name\", member) for each member. See docs/policies/objective.md");
    static_assert(GivesLoss<Policy, StepType>,
                  "[ctp.objective.loss] a loss needs 'ctp::Scalar<Backend> loss(Step& step) const', or 'loss(Step& "
                  "step, State<Model>& state) const' if it has a State. See docs/policies/objective.md");
  }
  return true;
}

namespace detail {
template <class Policy>
struct RequireLosses {
  template <class StepType>
  static consteval bool check() {
    return require_loss<Policy, StepType>();
  }
};
template <class... Policies>
struct RequireLosses<All<Policies...>> {
  template <class StepType>
  static consteval bool check() {
    return (true && ... && RequireLosses<Policies>::template check<StepType>());
  }
};
}  // namespace detail

/// The same for a strategy's Objective or Distillation: an All of losses, each of which may be an All itself.
template <class Losses, class StepType>
consteval bool require_losses() {
  return detail::RequireLosses<Losses>::template check<StepType>();
}

}  // namespace ctp::objective
