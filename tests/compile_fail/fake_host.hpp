// A model of which every layer compiles, on a backend without matrix products: for whole strategies.
#pragma once

#include <ctp/backend/generic/host.hpp>
#include <ctp/encoder/bert.hpp>
#include <ctp/encoder/model.hpp>
#include <ctp/encoder/vit.hpp>

/// Multiplies nothing; but everything above it compiles.
struct Host : ctp::backend::generic::Host<Host, float> {
  template <class... Arguments>
  static void block_product(const Arguments&...) {}
  template <class... Arguments>
  static void tiled_product(const Arguments&...) {}
};
template <class Strategy>
using ModelFor = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, Host, typename Strategy::Projection>;
