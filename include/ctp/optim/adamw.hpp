/// @file   ctp/optim/adamw.hpp
/// @brief  Adam with decoupled weight decay.
/// @layer  optim
#pragma once

#include <cmath>
#include <cstdint>

#include <ctp/backend/generic/parameters.hpp>
#include <ctp/core/shape.hpp>
#include <ctp/tensor/buffer.hpp>

namespace ctp::optim {

/// @brief AdamW. Weight decay applies to every parameter, also to biases and norms, as in the published code.
///
/// **Source.** Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2.
struct AdamW {
  double weight_decay = 0.05, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;

  template <class Model>
  struct State {
    Buffer<typename Model::Real, typename Model::Backend> first, second;
    std::int64_t steps = 0;

    template <class Archive>
    void visit(Archive& archive) {
      archive("adamw.first", first);
      archive("adamw.second", second);
      archive("adamw.steps", steps);
    }
  };
  template <class Model>
  State<Model> init(const Model& model, std::uint64_t /*seed*/) const {
    const Index n = model.layout().size();
    return {Buffer<typename Model::Real, typename Model::Backend>(n),
            Buffer<typename Model::Real, typename Model::Backend>(n)};
  }
  /// Sets the moments to zero before a task.
  template <class Model>
  void reset(State<Model>& state) const {
    using B = typename Model::Backend;
    B::zero(state.first.data(), state.first.size());
    B::zero(state.second.data(), state.second.size());
    state.steps = 0;
  }
  /// @brief One step along `gradient` plus the gradient of the penalty's term, in one pass; sets `gradient` to zero.
  /// **Shapes.** theta, gradient [n].
  template <class Model, class Term = backend::NoTerm>
  void step(State<Model>& state, typename Model::Real* theta, typename Model::Real* gradient, double rate,
            const Term& term = {}) const {
    ++state.steps;
    const auto t = static_cast<double>(state.steps);
    const backend::AdamWStep numbers{
        rate, weight_decay, beta1, beta2, epsilon, 1 - std::pow(beta1, t), 1 - std::pow(beta2, t)};
    Model::Backend::adamw(state.first.size(), numbers, theta, gradient, state.first.data(), state.second.data(), term);
  }
  template <class Visitor>
  void settings(Visitor& visitor) {
    visitor("weight_decay", weight_decay);
    visitor("beta1", beta1);
    visitor("beta2", beta2);
    visitor("epsilon", epsilon);
  }
};

}  // namespace ctp::optim
