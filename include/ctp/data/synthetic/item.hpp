/// @file   ctp/data/synthetic/item.hpp
/// @brief  One planned pair of the synthetic stream: attributes, title and id.
/// @layer  data
#pragma once

#include <cstdint>
#include <string>

#include <ctp/data/pairs/split.hpp>
#include <ctp/data/synthetic/settings.hpp>

namespace ctp::data::synthetic {

using ctp::data::Split;

/// Attributes of the products in a picture. All are indices from 0; `count` 0 means one product.
struct Attributes {
  int kind = 0;
  int colour = 0;
  int pattern = 0;
  int material = 0;
  int size = 0;
  int count = 0;
  int badge = 0;

  friend bool operator==(const Attributes&, const Attributes&) = default;

  /// Number of the (kind, colour, pattern) combination, unique within an industry.
  [[nodiscard]] int triple() const { return (kind * max_colours + colour) * max_patterns + pattern; }
  /// Number of the combination of all attributes, unique within an industry.
  [[nodiscard]] int all() const {
    return (((triple() * material_count + material) * size_count + size) * max_counts + count) * max_badges + badge;
  }
};

/// A planned pair.
struct Item {
  Split split = Split::Train;
  int industry = 0;
  std::uint32_t ordinal = 0;  ///< within its split and industry
  Attributes attributes;
  std::string id;     ///< stem of the image file and key in the JSON file
  std::string title;  ///< UTF-8
};

/// @brief True for a (kind, colour, pattern) combination held out of training. **Errors.** none
///
/// A Latin-square rule: every (kind, colour), (kind, pattern) and (colour, pattern) occurs in training, but not every
/// combination of the three.
inline bool held_out(const Settings& s, int industry, const Attributes& a) {
  return (a.colour + a.pattern + a.kind + industry) % s.held_out_every == 0;
}

}  // namespace ctp::data::synthetic
