/// @file   ctp/objective/require.hpp
/// @brief  Compile-time checks of loss policies and steps, with one sentence for each missing member.
/// @layer  objective
#pragma once

#include <concepts>
#include <type_traits>

#include <ctp/objective/all.hpp>
#include <ctp/objective/concepts.hpp>
#include <ctp/objective/parameters.hpp>
#include <ctp/objective/step_view.hpp>

namespace ctp::objective {

/// @brief Stops the compilation with one sentence if `StepType` lacks a member that losses may read.
template <class StepType, class Model>
consteval bool require_step() {
  static_assert(StepOf<StepType, Model>,
                "[ctp.objective.step] a step needs 'using Model', 'using Backend', 'const Model& model() const', "
                "'batch() const', 'online', 'previous' and 'momentum' with all outputs of a model, and 'void "
                "report(const char* name, ctp::Scalar<Backend> value)'. See docs/policies/objective.md");
  return true;
}

namespace detail {
/// A member function `parameters` that is no template: one that takes other arguments would never be called.
template <class P>
concept HasMemberParameters = std::is_member_function_pointer_v<decltype(&P::parameters)>;
}  // namespace detail

/// @brief Stops the compilation with one sentence for the first member that `Policy` lacks.
///
/// `StepType`: a step, of which the loss sees a StepView.
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
  static_assert(!detail::HasMemberParameters<Policy> || OwnsParameters<Policy>,
                "[ctp.objective.parameters] the parameters of a loss are added by 'template <class Layout> void "
                "parameters(Layout& layout)', or by 'parameters(Layout& layout, const ctp::ModelConfig& config)'. See "
                "docs/policies/objective.md");
  static_assert(MakesState<Policy, Model>,
                "[ctp.objective.init] a loss with a State needs 'State<Model> init(const Model&, std::uint64_t seed) "
                "const'. See docs/policies/objective.md");
  if constexpr (MakesState<Policy, Model>) {  // without init() the next two assertions would repeat the last one
    static_assert(VisitsState<Policy, Model>,
                  "[ctp.objective.visit] the State of a loss needs 'template <class Archive> void visit(Archive&)', "
                  "which calls archive(\"name\", member) for each member. See docs/policies/objective.md");
    if constexpr (HasNeeds<Policy>) {
      using View = ViewFor<Policy, StepType>;
      static_assert(HasLoss<Policy, View>,
                    "[ctp.objective.loss] a loss needs 'template <class Step> auto loss(Step& step) const', or "
                    "'loss(Step& step, State<typename Step::Model>& state) const' if it has a State. See "
                    "docs/policies/objective.md");
      if constexpr (HasLoss<Policy, View>)
        static_assert(GivesLoss<Policy, View>,
                      "[ctp.objective.loss] loss() must return a number on the tape, 'ctp::Scalar<Backend>', and this "
                      "one returns another type: end a vector or a matrix with 'mean(pass, x)', and compute with "
                      "operations of the tape, not with double. See docs/policies/objective.md");
    }
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

/// @brief Checks the losses of a strategy's Objective or Distillation: an All, possibly with nested Alls.
template <class Losses, class StepType>
consteval bool require_losses() {
  return detail::RequireLosses<Losses>::template check<StepType>();
}

}  // namespace ctp::objective
