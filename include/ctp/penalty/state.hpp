/// @file   ctp/penalty/state.hpp
/// @brief  What every penalty here remembers: where the weights were, and how much each matters.
/// @layer  penalty
#pragma once

#include <ctp/core/shape.hpp>
#include <ctp/tensor/buffer.hpp>

namespace ctp::penalty {

/// An anchor and an importance for each parameter, zero at first.
template <class Model>
struct AnchoredState {
  using B = typename Model::Backend;
  using Vector = Buffer<typename Model::Real, B>;

  Vector anchor, importance;

  explicit AnchoredState(Index n) : anchor(n), importance(n) {}

  /// The weights with which a task begins.
  void set_anchor(const typename Model::Real* theta) { B::copy(theta, anchor.size(), anchor.data()); }
  template <class Archive>
  void visit(Archive& archive) {
    archive("anchor", anchor);
    archive("importance", importance);
  }
};

}  // namespace ctp::penalty
