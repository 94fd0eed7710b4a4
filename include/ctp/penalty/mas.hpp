/// @file   ctp/penalty/mas.hpp
/// @brief  Memory aware synapses.
/// @layer  penalty
#pragma once

#include <cstddef>
#include <cstdint>

#include <ctp/penalty/importance.hpp>
#include <ctp/penalty/state.hpp>

namespace ctp::penalty {

/// @brief MAS penalty lambda/2 * sum Omega (theta - theta*)^2: Omega is the mean, over tasks and batches, of the
/// magnitude of the gradient of mas_objective(); theta* are the weights after the last task.
///
/// Omega uses no label. The parameters of the masked-language head have importance 0, since mas_objective() does not
/// read the head. Costs two parameter vectors, a third while a task ends, and one more pass over the task's data.
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
    return state.quadratic(lambda / 2);
  }
  template <class Model, class Passes>
  void end_task(AnchoredState<Model>& state, Passes& passes) const {
    using B = typename Model::Backend;
    using Real = typename Model::Real;
    Buffer<Real, B> magnitudes(passes.size());
    const Real weight = Real(1) / static_cast<Real>(passes.batches());
    passes.gradients(
        passes.theta(), [](auto& step) { return mas_objective(step.online); },
        [&](Real* gradient, std::size_t) {
          B::add_magnitudes(magnitudes.size(), weight, gradient, magnitudes.data());
        });
    blend<B>(magnitudes.size(), passes.task(), magnitudes.data(), state.importance.data());
  }
  template <class Visitor>
  void settings(Visitor& visitor) {
    visitor("lambda", lambda);
  }
};

}  // namespace ctp::penalty
