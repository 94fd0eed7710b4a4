/// @file   ctp/optim/concepts.hpp
/// @brief  Concepts of an optimiser policy.
/// @layer  optim
#pragma once

#include <concepts>

#include <ctp/core/policy_concepts.hpp>
#include <ctp/optim/ranges.hpp>

namespace ctp::optim {

/// `optimizer.reset(state)`: called before the first step of a task.
template <class P, class Model>
concept Resets = requires(const P optimizer, PolicyState<P, Model>& state) {
  { optimizer.reset(state) } -> std::same_as<void>;
};

/// `optimizer.step(state, theta, gradient, rate)` updates the weights and sets the gradient to zero.
template <class P, class Model>
concept Steps = requires(const P optimizer, PolicyState<P, Model>& state, typename Model::Real* vector, double rate) {
  { optimizer.step(state, vector, vector, rate) } -> std::same_as<void>;
};

/// step() with a penalty's term as the last argument; the optimiser adds the term's gradient.
template <class P, class Model, class Term>
concept StepsAgainst = requires(const P optimizer, PolicyState<P, Model>& state, typename Model::Real* vector,
                                double rate, const Term& term) {
  { optimizer.step(state, vector, vector, rate, term) } -> std::same_as<void>;
};

/// step() in its full form: with a term, with ranges of the parameter vector, and with a factor of the gradient in the
/// backend's memory, which is null for 1.
template <class P, class Model, class Term>
concept StepsInRanges =
    requires(const P optimizer, PolicyState<P, Model>& state, typename Model::Real* vector, double rate,
             const Term& term, const Ranges& ranges, const typename Model::Real* factor) {
      { optimizer.step(state, vector, vector, rate, term, ranges, factor) } -> std::same_as<void>;
    };

/// @brief An optimiser: settings, a State, and one pass over the parameter vector. Optional: `settings(visitor)`.
template <class P, class Model>
concept Optimizer =
    std::copyable<P> && MakesState<P, Model> && VisitsState<P, Model> && Resets<P, Model> && Steps<P, Model>;

}  // namespace ctp::optim
