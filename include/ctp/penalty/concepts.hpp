/// @file   ctp/penalty/concepts.hpp
/// @brief  What a type must offer to be a penalty.
/// @layer  penalty
#pragma once

#include <concepts>

#include <ctp/core/policy_concepts.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::penalty {

/// `Policy::active` is false for a penalty that there is not, and nothing else is asked of it.
template <class P>
concept SaysActive = requires {
  { P::active } -> std::same_as<const bool&>;
};

/// `Policy::name` is how reports call the penalty.
template <class P>
concept HasName = requires {
  { P::name } -> std::convertible_to<const char*>;
};

/// `policy.term(state)` is a small struct with `double value(i, theta_i)` and `Real gradient(i, theta_i)`.
template <class P, class Model>
concept GivesTerm = requires(const P policy, PolicyState<P, Model>& state, Index i, typename Model::Real theta) {
  { policy.term(state).value(i, theta) } -> std::same_as<double>;
  { policy.term(state).gradient(i, theta) } -> std::same_as<typename Model::Real>;
};

/// `policy.begin_task(state, theta)`: a task begins with these weights, in the backend's memory.
template <class P, class Model>
concept BeginsTasks = requires(const P policy, PolicyState<P, Model>& state, const typename Model::Real* theta) {
  policy.begin_task(state, theta);
};

/// `policy.begin_epoch(state, passes)`: an epoch begins; `passes` walks through its batches.
template <class P, class Model, class Passes>
concept BeginsEpochs =
    requires(const P policy, PolicyState<P, Model>& state, Passes& passes) { policy.begin_epoch(state, passes); };

/// `policy.end_task(state, passes)`: a task has been learned.
template <class P, class Model, class Passes>
concept EndsTasks =
    requires(const P policy, PolicyState<P, Model>& state, Passes& passes) { policy.end_task(state, passes); };

/// @brief A penalty on the parameters: a sum over them, of value and gradient. Not required: the hooks above and
/// `settings(visitor)`.
template <class P, class Model>
concept Penalty = std::copyable<P> && SaysActive<P> &&
                  (!P::active || (HasName<P> && MakesState<P, Model> && VisitsState<P, Model> && GivesTerm<P, Model>));

}  // namespace ctp::penalty
