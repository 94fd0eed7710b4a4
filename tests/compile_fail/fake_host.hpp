// A model in which every layer compiles, on a backend without matrix products, for whole strategies.
#pragma once

#include <ctp/backend/generic/host.hpp>
#include <ctp/encoder/bert.hpp>
#include <ctp/encoder/model.hpp>
#include <ctp/encoder/vit.hpp>

/// A backend whose matrix products do nothing, so that all layers above the backend compile.
struct Host : ctp::backend::generic::Host<Host, float> {
  template <class... Arguments>
  static void block_product(const Arguments&...) {}
  template <class... Arguments>
  static void tiled_product(const Arguments&...) {}
};
template <class Strategy>
using ModelFor = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, Host, typename Strategy::Projection>;
