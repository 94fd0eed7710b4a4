/// @file   ctp/data/synthetic/industry/industry.hpp
/// @brief  What one industry of the synthetic stream consists of.
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

/// A sort of product: its Chinese name, which is its category, and its silhouette, painted part after part.
class Kind {
 public:
  static constexpr std::size_t max_parts = 9;

  std::string_view name;

  constexpr Kind() = default;
  /// Not a constant expression, hence a compile error in the tables, with more than max_parts parts.
  constexpr Kind(std::string_view called, std::initializer_list<Part> made_of) : name(called) {
    for (const Part& part : made_of) parts_.at(size_++) = part;
  }
  [[nodiscard]] constexpr std::span<const Part> parts() const { return {parts_.data(), size_}; }

 private:
  std::array<Part, max_parts> parts_{};  // in place, so that the tables need no code to set them up
  std::size_t size_ = 0;
};

inline constexpr std::size_t filler_count = 8;

/// What lies behind the products of an industry.
enum class Scene { Tiles, Room, Table, Podium, Rail, Road, Nursery, Hills, Studio };

/// What an industry's sellers tend not to mention, although the picture shows it.
enum class Neglect { Nothing, Colour, Pattern };

/// @brief One industry: what it sells and how it speaks. A constant: everything lies in the program's data.
struct Industry {
  std::string_view name;  ///< as in P9D's files
  int p9d_train = 0;      ///< pairs of the industry in P9D, which set the proportions here
  int p9d_test = 0;
  std::array<Kind, max_kinds> kinds;                       ///< max_kinds, the most frequent first
  std::array<std::string_view, material_count> materials;  ///< glossy, grained, woven, speckled
  std::array<std::string_view, size_count> sizes;          ///< small, large
  std::array<std::string_view, max_counts> counts;         ///< one, two, three, four products
  std::array<std::string_view, max_colours> colours;       ///< max_colours, in the order of the palette
  std::array<std::string_view, filler_count> fillers;      ///< words of the trade that say nothing about the picture
  int series_step = 1;   ///< odd: how the shared series names are assigned to patterns here
  int series_start = 0;  ///< and where the assignment begins
  Neglect neglects = Neglect::Nothing;
  double hue = 0.0;  ///< -1 to 1: which way, and how far, the industry's light turns hues
  Scene scene = Scene::Studio;
};

}  // namespace ctp::data::synthetic
