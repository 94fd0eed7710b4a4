#pragma once

#include <cstddef>
#include <vector>

#include <ctp/encoder/bert.hpp>
#include <ctp/encoder/model.hpp>
#include <ctp/encoder/vit.hpp>
#include <ctp/nn/layout.hpp>

namespace test {

/// A backend without operations, for tests of a model's structure.
struct NoBackend {
  using Real = double;
};
using Structure = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, NoBackend>;

/// The configuration "odd" of tests/golden/shapes/make_shapes.py.
inline constexpr ctp::ModelConfig odd{.image = 15,
                                      .patch = 5,
                                      .vision_width = 14,
                                      .vision_depth = 1,
                                      .vision_heads = 2,
                                      .vocab = 37,
                                      .text_width = 18,
                                      .text_layers = 3,
                                      .fusion_layer = 2,
                                      .text_heads = 3,
                                      .intermediate = 22,
                                      .positions = 9,
                                      .types = 3,
                                      .embed = 7,
                                      .queue = 9};

/// For each element of the parameter vector: whether it belongs to a parameter, not to a gap.
inline std::vector<bool> taken(const ctp::Layout& layout) {
  std::vector<bool> is_taken(static_cast<std::size_t>(layout.size()));
  for (const ctp::ParameterInfo& p : layout.parameters())
    for (ctp::Index i = 0; i < p.size(); ++i) is_taken[static_cast<std::size_t>(p.offset + i)] = true;
  return is_taken;
}

}  // namespace test
