/// @file   ctp/train/parameters/frozen_towers.hpp
/// @brief  Which encoders of a model are frozen whole, so that no backward pass runs through them.
/// @layer  train
#pragma once

#include <ctp/core/shape.hpp>
#include <ctp/optim/ranges.hpp>

namespace ctp {

/// Encoders all of whose parameters are frozen. The projections behind the encoders are no part of them.
struct FrozenTowers {
  bool image = false, text = false;
};

/// The encoders of `model` that `ranges` freeze whole.
template <class Model>
FrozenTowers frozen_towers(const Model& model, const optim::Ranges& ranges) {
  const auto frozen = [&](Index begin, Index end) {
    if (begin >= end) return false;
    for (const optim::Range& range : ranges.list())
      if (!range.frozen && range.begin < end && range.end > begin) return false;
    return true;
  };
  return {frozen(0, model.image_encoder_end()), frozen(model.image_encoder_end(), model.text_encoder_end())};
}

}  // namespace ctp
