/// @file   ctp/penalty/ewc.hpp
/// @brief  Elastic weight consolidation.
/// @layer  penalty
#pragma once

#include <cstdint>

#include <ctp/penalty/importance.hpp>
#include <ctp/penalty/state.hpp>

namespace ctp::penalty {

/// @brief EWC penalty lambda/2 * sum F (theta - theta*)^2: F is the mean Fisher diagonal of the tasks so far, theta*
/// the weights after the last task. On the first task F is zero, and so is the penalty.
///
/// Costs two parameter vectors, a third while a task ends, and one more pass over the task's data.
/// **Source.** Kirkpatrick et al. 2017, arXiv:1612.00796, eq. 3, with one anchor (Schwarz et al. 2018,
/// arXiv:1805.06370) and the mean over tasks of the published benchmark.
struct Ewc {
  static constexpr const char* name = "ewc";
  static constexpr bool active = true;
  double lambda = 5000;

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
    const auto fisher_diagonal = fisher(passes, passes.theta());
    blend<typename Model::Backend>(fisher_diagonal.size(), passes.task(), fisher_diagonal.data(),
                                   state.importance.data());
  }
  template <class Visitor>
  void settings(Visitor& visitor) {
    visitor("lambda", lambda);
  }
};

}  // namespace ctp::penalty
