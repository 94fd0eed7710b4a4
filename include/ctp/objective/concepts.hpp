/// @file   ctp/objective/concepts.hpp
/// @brief  What a type must offer to be a loss: an objective or a distillation.
/// @layer  objective
#pragma once

#include <concepts>

#include <ctp/autograd/pass.hpp>
#include <ctp/core/policy_concepts.hpp>

namespace ctp::objective {

/// `Policy::name` is how reports, logs and settings call the loss.
template <class P>
concept HasName = requires {
  { P::name } -> std::convertible_to<const char*>;
};

/// `policy.loss(step, state)`, or `policy.loss(step)` without a State, is a number on the tape.
template <class P, class Step>
concept GivesLoss =
    (std::same_as<PolicyState<P, typename Step::Model>, NoState> && requires(const P policy, Step& step) {
      { policy.loss(step) } -> std::same_as<Scalar<typename Step::Backend>>;
    }) || requires(const P policy, Step& step, PolicyState<P, typename Step::Model>& state) {
      { policy.loss(step, state) } -> std::same_as<Scalar<typename Step::Backend>>;
    };

/// @brief A loss: its name, the teachers it needs, its State if it has one, and the loss itself.
///
/// Not required: `commit(step, state)`, which makes lasting what a step did to the State, and `settings(visitor)`.
template <class P, class Step>
concept Loss = std::copyable<P> && HasName<P> && HasNeeds<P> && MakesState<P, typename Step::Model> &&
               VisitsState<P, typename Step::Model> && GivesLoss<P, Step>;

}  // namespace ctp::objective
