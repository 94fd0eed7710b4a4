/// @file   ctp/data/synthetic/catalogue.hpp
/// @brief  The nine industries in their default order, and their common words.
/// @layer  data
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include <ctp/data/synthetic/industry/automotive.hpp>
#include <ctp/data/synthetic/industry/beauty.hpp>
#include <ctp/data/synthetic/industry/clothing.hpp>
#include <ctp/data/synthetic/industry/electronics.hpp>
#include <ctp/data/synthetic/industry/food.hpp>
#include <ctp/data/synthetic/industry/furnishings.hpp>
#include <ctp/data/synthetic/industry/household.hpp>
#include <ctp/data/synthetic/industry/outdoors.hpp>
#include <ctp/data/synthetic/industry/parenting.hpp>

namespace ctp::data::synthetic {

/// The patterns' literal names, in the order of pattern numbers.
inline constexpr std::array<std::string_view, max_patterns> pattern_words = {"纯色", "横条", "波点", "格子",
                                                                             "竖条", "菱形", "斜纹", "波浪"};

/// Names of series. Every industry uses all names, each for a different pattern: the dialect.
inline constexpr std::array<std::string_view, max_patterns> series_words = {"经典款", "清新款", "复古款", "简约款",
                                                                            "潮流款", "田园款", "轻奢款", "活力款"};

namespace detail {
inline constexpr std::array<Industry, industry_count> industry_table = {
    household(), furnishings(), food(), beauty(), clothing(), automotive(), parenting(), outdoors(), electronics()};
}  // namespace detail

/// @brief The industries in P9D's default order.
constexpr const std::array<Industry, industry_count>& industries() { return detail::industry_table; }

/// @brief The series name of a pattern in the dialect of an industry.
///
/// For each industry a permutation of the eight series_words, since `series_step` is odd.
constexpr std::string_view series_word(const Industry& industry, int pattern) {
  const int word = (pattern * industry.series_step + industry.series_start) % max_patterns;
  return series_words[static_cast<std::size_t>(word)];
}

}  // namespace ctp::data::synthetic
