/// @file   ctp/penalty/concepts.hpp
/// @brief  Concepts of a penalty policy and of the passes over a task's batches that a penalty may make.
/// @layer  penalty
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <ctp/backend/generic/parameters.hpp>
#include <ctp/core/policy_concepts.hpp>
#include <ctp/core/shape.hpp>
#include <ctp/optim/ranges.hpp>

namespace ctp::penalty {

namespace detail {
/// Placeholder of a callback that reads the gradient of one batch.
template <class Real>
struct ReadsGradient {
  void operator()(Real* gradient, std::size_t batch) const;
};
/// Placeholder of a loss that a penalty differentiates.
struct AnyLoss {
  template <class Step>
  auto operator()(Step& step) const;
};
}  // namespace detail

/// @brief Passes over the batches of one task, as the hooks of a penalty receive them.
///
/// `size()`: number of parameters. `theta()`: the online weights. `task()`, `epoch()`: numbers counted from 0.
/// `batches()`: batches in one pass. `rate(batch)`: learning rate of the online model. `optimizer()`: the strategy's
/// optimiser. `ranges()`: how it trains the parameters. `objective(theta, use)`: calls use(gradient, batch) for each
/// batch, with the gradient of the strategy's objective at theta. `gradients(theta, loss, use)`: the same with the
/// gradient of loss(step).
template <class P>
concept TaskWalk = requires {
  typename P::Backend;
  typename P::Real;
  typename P::Optimizer;
} && requires(P& passes, const P& fixed, const typename P::Real* theta, detail::ReadsGradient<typename P::Real> use) {
  { fixed.size() } -> std::same_as<Index>;
  { fixed.theta() } -> std::same_as<const typename P::Real*>;
  { fixed.task() } -> std::same_as<std::uint32_t>;
  { fixed.epoch() } -> std::same_as<std::uint32_t>;
  { fixed.batches() } -> std::same_as<std::size_t>;
  { fixed.rate(std::size_t{}) } -> std::same_as<double>;
  { fixed.optimizer() } -> std::same_as<const typename P::Optimizer&>;
  { fixed.ranges() } -> std::same_as<const optim::Ranges&>;
  { passes.objective(theta, use) } -> std::same_as<void>;
  { passes.gradients(theta, detail::AnyLoss{}, use) } -> std::same_as<void>;
};

/// `policy.term(state)` returns a small struct with `double value(i, theta_i)` and `Real gradient(i, theta_i)`.
template <class P, class Model>
concept GivesTerm = requires(const P policy, PolicyState<P, Model>& state, Index i, typename Model::Real theta) {
  { policy.term(state).value(i, theta) } -> std::same_as<double>;
  { policy.term(state).gradient(i, theta) } -> std::same_as<typename Model::Real>;
};

namespace detail {
template <class P, class Model>
struct TermOf {
  using type = backend::NoTerm;
};
template <class P, class Model>
  requires P::active && GivesTerm<P, Model>
struct TermOf<P, Model> {
  using type = decltype(std::declval<const P&>().term(std::declval<PolicyState<P, Model>&>()));
};
}  // namespace detail

/// The term that a penalty adds; the empty term of a penalty that is not active.
template <class P, class Model>
using TermOf = typename detail::TermOf<P, Model>::type;

/// `policy.begin_task(state, theta)`: called before a task, with the weights at its start, in the backend's memory.
template <class P, class Model>
concept BeginsTasks = requires(const P policy, PolicyState<P, Model>& state, const typename Model::Real* theta) {
  policy.begin_task(state, theta);
};

/// `policy.begin_epoch(state, passes)`: called before the steps of an epoch, with passes over the epoch's batches.
template <class P, class Model, class Passes>
concept BeginsEpochs =
    requires(const P policy, PolicyState<P, Model>& state, Passes& passes) { policy.begin_epoch(state, passes); };

/// `policy.end_task(state, passes)`: called after the last step of a task, with passes over the task's batches.
template <class P, class Model, class Passes>
concept EndsTasks =
    requires(const P policy, PolicyState<P, Model>& state, Passes& passes) { policy.end_task(state, passes); };

/// @brief A penalty: a sum over the parameters, with value and gradient. Optional: the hooks above,
/// `settings(visitor)`.
///
/// `active = false` means no penalty; no other member is required then.
template <class P, class Model>
concept Penalty = std::copyable<P> && IsActive<P> &&
                  (!P::active || (HasName<P> && MakesState<P, Model> && VisitsState<P, Model> && GivesTerm<P, Model>));

}  // namespace ctp::penalty
