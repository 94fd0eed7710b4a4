/// @file   ctp/data/synthetic/industry/industry.hpp
/// @brief  Definition of one industry of the synthetic stream.
/// @layer  data
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string_view>

#include <ctp/data/synthetic/settings.hpp>
#include <ctp/data/synthetic/shape.hpp>

namespace ctp::data::synthetic {

/// A kind of product: Chinese name (also the category), and silhouette as parts in painting order.
class Kind {
 public:
  static constexpr std::size_t max_parts = 9;

  std::string_view name;

  constexpr Kind() = default;
  /// More than max_parts parts are not a constant expression, hence a compile error in the tables.
  constexpr Kind(std::string_view called, std::initializer_list<Part> made_of) : name(called) {
    for (const Part& part : made_of) parts_.at(size_++) = part;
  }
  [[nodiscard]] constexpr std::span<const Part> parts() const { return {parts_.data(), size_}; }

 private:
  std::array<Part, max_parts> parts_{};  // an array, so that the tables are constant-initialised
  std::size_t size_ = 0;
};

inline constexpr std::size_t filler_count = 8;

/// Background of the pictures of an industry.
enum class Scene { Tiles, Room, Table, Podium, Rail, Road, Nursery, Hills, Studio };

/// The attribute that an industry's training titles tend to omit, although the picture shows it.
enum class Neglect { Nothing, Colour, Pattern };

/// @brief One industry: its kinds of product and its words. A compile-time constant.
struct Industry {
  std::string_view name;  ///< as in P9D's files
  int p9d_train = 0;      ///< pairs of the industry in P9D; set the proportions of the synthetic stream
  int p9d_test = 0;
  std::array<Kind, max_kinds> kinds;                       ///< max_kinds, the most frequent first
  std::array<std::string_view, material_count> materials;  ///< glossy, grained, woven, speckled
  std::array<std::string_view, size_count> sizes;          ///< small, large
  std::array<std::string_view, max_counts> counts;         ///< one, two, three, four products
  std::array<std::string_view, max_colours> colours;       ///< max_colours, in the order of the palette
  std::array<std::string_view, filler_count> fillers;      ///< advertising words without information about the picture
  int series_step = 1;                                     ///< odd; step of the assignment of series names to patterns
  int series_start = 0;                                    ///< start of the assignment of series names to patterns
  Neglect neglects = Neglect::Nothing;
  double hue = 0.0;  ///< -1 to 1: direction and size of the rotation of hues, in units of Settings::hue_dialect
  Scene scene = Scene::Studio;
};

}  // namespace ctp::data::synthetic
