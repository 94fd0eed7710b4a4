/// @file   ctp/penalty/state.hpp
/// @brief  States of the penalties: anchor, importance and path integral of each parameter.
/// @layer  penalty
#pragma once

#include <ctp/core/shape.hpp>
#include <ctp/penalty/terms.hpp>
#include <ctp/tensor/buffer.hpp>

namespace ctp::penalty {

/// @brief An anchor and an importance for each parameter, zero at first. **Shapes.** each [n], n parameters.
template <class Model>
struct AnchoredState {
  using B = typename Model::Backend;
  using Real = typename Model::Real;
  using Vector = Buffer<Real, B>;

  Vector anchor, importance;

  explicit AnchoredState(Index n) : anchor(n), importance(n) {}

  /// Copies the weights at the start of a task into the anchor.
  void set_anchor(const Real* theta) { B::copy(theta, anchor.size(), anchor.data()); }
  /// The term factor * importance (theta - anchor)^2.
  auto quadratic(double factor) const { return Quadratic<Real>{factor, anchor.data(), importance.data()}; }
  template <class Archive>
  void visit(Archive& archive) {
    archive("anchor", anchor);
    archive("importance", importance);
  }
};

/// @brief AnchoredState and the path integral of each parameter since the task began. **Shapes.** path [n].
template <class Model>
struct PathState : AnchoredState<Model> {
  typename AnchoredState<Model>::Vector path;

  explicit PathState(Index n) : AnchoredState<Model>(n), path(n) {}
  /// The same term as quadratic(), which also accumulates the path integrals.
  auto quadratic_with_path(double factor) {
    using Number = typename Model::Real;
    return WithPathIntegral<Quadratic<Number>, Number>{this->quadratic(factor), path.data()};
  }
  template <class Archive>
  void visit(Archive& archive) {
    AnchoredState<Model>::visit(archive);
    archive("path", path);
  }
};

}  // namespace ctp::penalty
