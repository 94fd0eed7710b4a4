/// @file   ctp/optim/adamw.hpp
/// @brief  Adam with decoupled weight decay.
/// @layer  optim
#pragma once

#include <cmath>
#include <cstdint>

#include <ctp/backend/generic/parameters.hpp>
#include <ctp/core/shape.hpp>
#include <ctp/optim/ranges.hpp>
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
    step_range(state, numbers_of(++state.steps), {.begin = 0, .end = state.first.size()}, theta, gradient, rate, term,
               static_cast<const typename Model::Real*>(nullptr));
  }
  /// @brief step() with the numbers of each range; frozen ranges keep their weights and moments. `factor`: one number
  /// in the backend's memory by which gradient and term are multiplied, or null for 1.
  template <class Model, class Term>
  void step(State<Model>& state, typename Model::Real* theta, typename Model::Real* gradient, double rate,
            const Term& term, const Ranges& ranges, const typename Model::Real* factor) const {
    const backend::AdamWStep numbers = numbers_of(++state.steps);
    for (const Range& range : ranges.list()) {
      if (range.frozen)
        Model::Backend::zero(gradient + range.begin, range.size());
      else
        step_range(state, numbers, range, theta, gradient, rate, term, factor);
    }
  }
  template <class Visitor>
  void settings(Visitor& visitor) {
    visitor("weight_decay", weight_decay);
    visitor("beta1", beta1);
    visitor("beta2", beta2);
    visitor("epsilon", epsilon);
  }

 private:
  /// The numbers of step `step`, from 1, but for rate and decay.
  [[nodiscard]] backend::AdamWStep numbers_of(std::int64_t step) const {
    const auto t = static_cast<double>(step);
    return {.beta1 = beta1,
            .beta2 = beta2,
            .epsilon = epsilon,
            .correction1 = 1 - std::pow(beta1, t),
            .correction2 = 1 - std::pow(beta2, t)};
  }
  /// One range that is not frozen.
  template <class Model, class Term>
  void step_range(State<Model>& state, backend::AdamWStep numbers, const Range& range, typename Model::Real* theta,
                  typename Model::Real* gradient, double rate, const Term& term,
                  const typename Model::Real* factor) const {
    numbers.rate = rate * range.rate;
    numbers.weight_decay = weight_decay * range.decay;
    numbers.begin = range.begin;
    numbers.least = range.least;
    numbers.most = range.most;
    Model::Backend::adamw(range.size(), numbers, theta, gradient, state.first.data(), state.second.data(), term,
                          factor);
  }
};

}  // namespace ctp::optim
