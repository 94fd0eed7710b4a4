/// @file   ctp/data/image/normalize.hpp
/// @brief  Normalisation of one picture on the host, for the image encoder.
/// @layer  data
#pragma once

#include <ctp/backend/generic/embedding.hpp>
#include <ctp/core/shape.hpp>
#include <ctp/data/image/image.hpp>

namespace ctp::data {

/// @brief out[c][y][x] = backend::normalized(rgb[y][x][c], c).
///
/// **Shapes.** image: [H, W, 3]; out: [3, H, W], memory of the caller.
inline void normalize_chw(const Image& image, float* out) {
  require_pixels(image, "normalize_chw");
  backend::generic::EmbeddingOps<float>::normalize_pixels(1, Index{image.width} * image.height, image.rgb.data(), out);
}

}  // namespace ctp::data
