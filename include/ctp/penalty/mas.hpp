/// @file   ctp/penalty/mas.hpp
/// @brief  Memory aware synapses.
/// @layer  penalty
#pragma once

#include <cstddef>
#include <cstdint>

#include <ctp/penalty/importance.hpp>
#include <ctp/penalty/state.hpp>
#include <ctp/penalty/terms.hpp>

namespace ctp::penalty {

/// @brief lambda/2 * sum Omega (theta - theta*)^2: Omega the mean over tasks of how strongly each parameter moves the
/// lengths of the model's outputs, theta* the weights after the last task.
///
/// No label enters Omega; parameters of the masked-language head, which these outputs do not read, have none.
/// Costs two parameter vectors, a third while a task ends, and one more pass over the task's data.
/// **Source.** Aljundi et al. 2018, arXiv:1711.09601, eqs. 3 and 4, with lengths that are not squared, as released.
struct Mas {
  static constexpr const char* name = "mas";
  static constexpr bool active = true;
  double lambda = 1;

  template <class Model>
  using State = AnchoredState<Model>;
  template <class Model>
  State<Model> init(const Model& model, std::uint64_t /*seed*/) const {
    return State<Model>(model.layout().size());
  }
  template <class Model>
  void begin_task(AnchoredState<Model>& state, const typename Model::Real* theta) const {
    state.set_anchor(theta);
  }
  template <class Model>
  auto term(AnchoredState<Model>& state) const {
    return Quadratic<typename Model::Real>{lambda / 2, state.anchor.data(), state.importance.data()};
  }
  template <class Model, class Passes>
  void end_task(AnchoredState<Model>& state, Passes& passes) const {
    using B = typename Model::Backend;
    using Real = typename Model::Real;
    Buffer<Real, B> found(passes.size());
    const Real weight = Real(1) / static_cast<Real>(passes.batches());
    passes.gradients(
        passes.theta(), [](auto& step) { return mas_objective(step.online); },
        [&](Real* gradient, std::size_t) { B::add_magnitudes(found.size(), weight, gradient, found.data()); });
    blend<B>(found.size(), passes.task(), found.data(), state.importance.data());
  }
  template <class Visitor>
  void settings(Visitor& visitor) {
    visitor("lambda", lambda);
  }
};

}  // namespace ctp::penalty
