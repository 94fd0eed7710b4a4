/// @file   ctp/testing/loss.hpp
/// @brief  Check of an objective or a distillation on a small model: gradient by every weight, `needs`, and State.
/// @layer  testing
#pragma once

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <vector>

#include <ctp/objective/all.hpp>
#include <ctp/objective/parameters.hpp>
#include <ctp/objective/require.hpp>
#include <ctp/tensor/buffer.hpp>
#include <ctp/testing/gradient.hpp>
#include <ctp/testing/loss_state.hpp>
#include <ctp/testing/needs.hpp>
#include <ctp/testing/report.hpp>
#include <ctp/testing/synthetic_batch.hpp>
#include <ctp/train/step.hpp>

namespace ctp::testing {

namespace detail {

/// check_needs() and check_loss_state() of a loss, or of each loss of an All.
template <class Policy, class Model>
Report check_each(const Policy& policy, const Model& model) {
  Report report = check_needs(policy, model);
  report.add(check_loss_state(policy, model));
  return report;
}
template <class... Policies, class Model>
Report check_each(const All<Policies...>& losses, const Model& model) {
  Report report;
  std::apply([&](const auto&... policy) { (report.add(check_each(policy, model)), ...); }, losses.policies);
  return report;
}

}  // namespace detail

/// @brief Compares the gradient of a loss by every weight of `model` and every parameter of the policy with central
/// differences, on a synthetic batch with synthetic teachers. Also reports a gradient that is 0 everywhere, and the
/// findings of check_needs() and check_loss_state().
///
/// `policy`: a loss, or an All of several; its own parameters are checked, too. `model`: in double precision, with
/// sizes like `micro`; an error in the model's own gradient is found too. No dropout. The loss must be smooth: a
/// discrete choice by the online model's numbers may be reported as a wrong gradient. **Errors.** as the loss.
template <class Policy, class Model>
Report check_loss(const Policy& policy, Model model, const GradientTolerance& tolerance = {}) {
  using B = typename Model::Backend;
  static_assert(std::is_same_v<typename Model::Real, double>, "differences need a model in double precision");
  static_assert(objective::require_losses<All<Policy>, Step<Model>>());
  All<Policy> losses{{policy}};
  Report report = detail::check_each(policy, model);
  register_parameters(losses, model);
  auto state = losses.init(model, 0);
  DeviceBatch<B> batch;
  batch.load(synthetic_batch(model.config(), 4, 5), model.config());
  const auto weights = [&](std::uint64_t seed) {
    Buffer<double, B> buffer(model.layout().size());
    buffer.assign(synthetic_weights(model.layout(), seed));
    return buffer;
  };
  const auto previous = weights(1), momentum = weights(2);
  const std::vector<double> theta = synthetic_weights(model.layout(), 0);
  const auto loss = [&](const Pass<B>& pass) {
    Step<Model> step(model, batch, pass);
    step.previous.emplace(model, Pass<B>{previous.data(), pass.tape}, batch);
    step.momentum.emplace(model, Pass<B>{momentum.data(), pass.tape}, batch);
    return losses.loss(step, state);
  };

  Buffer<double, B> online(model.layout().size()), gradient(model.layout().size());
  online.assign(theta);
  Tape<B> tape;
  if (const Scalar<B> value = loss(Pass<B>{online.data(), &tape, gradient.data(), {}}); value.grad) {
    B::fill(1, 1.0, value.grad.data);
    tape.backward();
    const std::vector<double> slopes = gradient.to_host();
    if (std::all_of(slopes.begin(), slopes.end(), [](double g) { return g == 0; }))
      report.fail("the gradient is 0 for all weights: nothing would be learned from this loss");
  }
  report.add(check_gradient<B>(theta, loss, tolerance, {}, &model.layout()));
  return report;
}

}  // namespace ctp::testing
