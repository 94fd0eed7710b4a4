/// @file   ctp/train/steps/apply_optimizer.hpp
/// @brief  The optimiser's step, with what the optimiser can do of penalty, ranges and clipping.
/// @layer  train
#pragma once

#include <type_traits>

#include <ctp/optim/adamw.hpp>
#include <ctp/optim/concepts.hpp>
#include <ctp/optim/ranges.hpp>
#include <ctp/train/thetas.hpp>

namespace ctp {

/// @brief One step of the policies' optimiser at `rate`. The gradient of the penalty's term is added in the same pass
/// over the parameters. `factor`: of the gradient, in the backend's memory; null if it is not clipped. An optimiser of
/// a user's own is given the online weights for good. **Shapes.** gradient [n].
template <bool takes_ranges, class Policies, class Term>
void apply_optimizer(Policies& policies, Thetas<typename Policies::B>& thetas, typename Policies::B::Real* gradient,
                     double rate, const Term& term, const optim::Ranges& ranges,
                     const typename Policies::B::Real* factor) {
  using Optimizer = typename Policies::Optimizer;
  using Model = typename Policies::Model;
  auto& optimizer = policies.optimizer();
  auto& state = policies.optimizer_state();
  if constexpr (std::is_same_v<Optimizer, optim::AdamW>) {  // one pass of the backend over the places that move
    static_assert(takes_ranges);
    thetas.change_online(ranges.places_moved(), [&](typename Model::Real* theta) {
      optimizer.step(state, theta, gradient, rate, term, ranges, factor);
    });
  } else if constexpr (takes_ranges) {
    optimizer.step(state, thetas.online(), gradient, rate, term, ranges, factor);
  } else if constexpr (Policies::Penalty::active) {
    static_assert(
        optim::StepsAgainst<Optimizer, Model, Term>,
        "[ctp.strategy.penalty] this strategy has a penalty, but its optimiser cannot step against one; give it a "
        "'template <class Model, class Term> void step(State<Model>&, Model::Real* theta, Model::Real* gradient, "
        "double rate, const Term&) const' that adds term.gradient(i, theta[i]). See docs/policies/optim.md");
    optimizer.step(state, thetas.online(), gradient, rate, term);
  } else {
    optimizer.step(state, thetas.online(), gradient, rate);
  }
}

}  // namespace ctp
