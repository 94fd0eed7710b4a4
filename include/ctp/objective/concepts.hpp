/// @file   ctp/objective/concepts.hpp
/// @brief  Concepts of a loss policy (objective or distillation) and of the step that a loss policy reads.
/// @layer  objective
#pragma once

#include <concepts>
#include <type_traits>

#include <ctp/autograd/pass.hpp>
#include <ctp/core/policy_concepts.hpp>

namespace ctp::objective {

namespace detail {
/// Features of one modality: `local` [B,E] and `all` [B * processes, E] of unit length, `first_row` of local in all.
template <class F, class B>
concept FeaturesOf = requires(F features) {
  { features.local } -> std::convertible_to<Variable<2, B>>;
  { features.all } -> std::convertible_to<Variable<2, B>>;
  { features.first_row } -> std::convertible_to<Index>;
};
}  // namespace detail

/// @brief The outputs of one model on the batch, each a value on a tape.
///
/// **Shapes.** image_raw, text_raw [B,E]; fused [B,width]; image_tokens [B * N, width]; text_tokens [B * L, width];
/// masked_scores [capacity, vocabulary].
template <class O, class B>
concept OutputsOf = requires(std::remove_reference_t<O>& outputs) {
  { outputs.pass() } -> std::convertible_to<const Pass<B>&>;
  { outputs.image() } -> detail::FeaturesOf<B>;
  { outputs.text() } -> detail::FeaturesOf<B>;
  { outputs.image_raw() } -> std::same_as<Variable<2, B>>;
  { outputs.text_raw() } -> std::same_as<Variable<2, B>>;
  { outputs.image_tokens() } -> std::same_as<Variable<2, B>>;
  { outputs.text_tokens() } -> std::same_as<Variable<2, B>>;
  { outputs.fused() } -> std::same_as<Variable<2, B>>;
  { outputs.masked_scores() } -> std::same_as<Variable<2, B>>;
};

/// @brief A step: model, batch, outputs of the online model, and teachers that may be missing. A loss policy sees a
/// StepView of the step.
///
/// `step.model()`, `step.batch()`, `step.online`, `step.previous` and `step.momentum` (each tested with `if`, then
/// dereferenced), and `step.report(name, value)`, by which All makes the value of each loss known.
template <class S, class Model>
concept StepOf = std::same_as<typename S::Model, Model> && std::same_as<typename S::Backend, typename Model::Backend> &&
                 requires(S& step, const S& fixed, const char* name, Scalar<typename Model::Backend> value) {
                   { fixed.model() } -> std::same_as<const Model&>;
                   fixed.batch();
                   { step.online } -> OutputsOf<typename Model::Backend>;
                   { *step.previous } -> OutputsOf<typename Model::Backend>;
                   { *step.momentum } -> OutputsOf<typename Model::Backend>;
                   static_cast<bool>(fixed.previous);
                   static_cast<bool>(fixed.momentum);
                   step.report(name, value);
                 };

/// `policy.loss(step, state)`, or `policy.loss(step)` for a policy without a State, can be called.
template <class P, class Step>
concept HasLoss =
    (std::same_as<PolicyState<P, typename Step::Model>, NoState> &&
     requires(const P policy, Step& step) { policy.loss(step); }) ||
    requires(const P policy, Step& step, PolicyState<P, typename Step::Model>& state) { policy.loss(step, state); };

/// The loss is a scalar on the tape.
template <class P, class Step>
concept GivesLoss =
    (std::same_as<PolicyState<P, typename Step::Model>, NoState> && requires(const P policy, Step& step) {
      { policy.loss(step) } -> std::same_as<Scalar<typename Step::Backend>>;
    }) || requires(const P policy, Step& step, PolicyState<P, typename Step::Model>& state) {
      { policy.loss(step, state) } -> std::same_as<Scalar<typename Step::Backend>>;
    };

/// @brief A loss policy: a name, the teachers that it needs, a State if it keeps values, and the loss. `Step`: the
/// policy's view of a step (ViewFor).
///
/// Optional: `commit(step, state)`, which writes a step's changes into the State, and `settings(visitor)`.
template <class P, class Step>
concept Loss = std::copyable<P> && HasName<P> && HasNeeds<P> && MakesState<P, typename Step::Model> &&
               VisitsState<P, typename Step::Model> && GivesLoss<P, Step>;

}  // namespace ctp::objective
