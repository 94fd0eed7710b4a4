/// @file   ctp/testing/loss.hpp
/// @brief  Checks an objective or a distillation on a small model: its gradient by every weight, and its needs.
/// @layer  testing
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

#include <ctp/objective/all.hpp>
#include <ctp/objective/require.hpp>
#include <ctp/tensor/buffer.hpp>
#include <ctp/testing/gradient.hpp>
#include <ctp/testing/made_batch.hpp>
#include <ctp/testing/needs.hpp>
#include <ctp/testing/report.hpp>
#include <ctp/train/step.hpp>

namespace ctp::testing {

/// @brief Whether the gradient of a loss by all weights of `model` is the one that differences give, on a made batch
/// with made teachers; whether it has any; and check_needs() of it.
///
/// `policy`: a loss, or an All of several. `model`: in double precision, with sizes like `micro`; the model itself is
/// checked on the way. No dropout. The loss must be smooth: a choice by the online model's numbers may be found out as
/// a wrong gradient. **Errors.** those of the loss.
template <class Policy, class Model>
Report check_loss(const Policy& policy, const Model& model, const GradientTolerance& tolerance = {}) {
  using B = typename Model::Backend;
  static_assert(std::is_same_v<typename Model::Real, double>, "differences need a model in double precision");
  static_assert(objective::require_losses<All<Policy>, Step<Model>>());
  const All<Policy> losses{{policy}};
  auto state = losses.init(model, 0);
  DeviceBatch<B> batch;
  batch.load(made_batch(model.config(), 4, 5, 0), model.config());
  const auto weights = [&](std::uint64_t seed) {
    Buffer<double, B> buffer(model.layout().size());
    buffer.assign(made_weights(model.layout(), seed));
    return buffer;
  };
  const auto previous = weights(1), momentum = weights(2);
  const std::vector<double> theta = made_weights(model.layout(), 0);
  const auto loss = [&](const Pass<B>& pass) {
    Step<Model> step(model, batch, pass);
    step.previous.emplace(model, Pass<B>{previous.data(), pass.tape}, batch);
    step.momentum.emplace(model, Pass<B>{momentum.data(), pass.tape}, batch);
    return losses.loss(step, state);
  };

  Report report = check_needs(policy, model);
  report.add(check_gradient<B>(theta, loss, tolerance));
  if (!report.ok) return report;
  Buffer<double, B> online(model.layout().size()), gradient(model.layout().size());
  online.assign(theta);
  Tape<B> tape;
  B::fill(1, 1.0, loss(Pass<B>{online.data(), &tape, gradient.data(), {}}).grad.data);
  tape.backward();
  const std::vector<double> found = gradient.to_host();
  if (std::all_of(found.begin(), found.end(), [](double g) { return g == 0; }))
    report.fail("the gradient is 0 for all weights: nothing would be learned from this loss");
  return report;
}

}  // namespace ctp::testing
