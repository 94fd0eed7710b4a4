/// @file   ctp/optim/concepts.hpp
/// @brief  What a type must offer to be an optimiser.
/// @layer  optim
#pragma once

#include <concepts>

#include <ctp/core/policy_concepts.hpp>

namespace ctp::optim {

/// `optimizer.reset(state)`: a task begins.
template <class P, class Model>
concept Resets = requires(const P optimizer, PolicyState<P, Model>& state) {
  { optimizer.reset(state) } -> std::same_as<void>;
};

/// `optimizer.step(state, theta, gradient, rate)` moves the weights and leaves the gradient zero.
template <class P, class Model>
concept Steps = requires(const P optimizer, PolicyState<P, Model>& state, typename Model::Real* vector, double rate) {
  { optimizer.step(state, vector, vector, rate) } -> std::same_as<void>;
};

/// The same with a penalty's term as the last argument, which it adds to the gradient.
template <class P, class Model, class Term>
concept StepsAgainst = requires(const P optimizer, PolicyState<P, Model>& state, typename Model::Real* vector,
                                double rate, const Term& term) {
  { optimizer.step(state, vector, vector, rate, term) } -> std::same_as<void>;
};

/// @brief An optimiser: settings, a State, and one pass over the parameter vector. Not required: `settings(visitor)`.
template <class P, class Model>
concept Optimizer =
    std::copyable<P> && MakesState<P, Model> && VisitsState<P, Model> && Resets<P, Model> && Steps<P, Model>;

}  // namespace ctp::optim
