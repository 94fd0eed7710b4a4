/// @file   ctp/data/pairs/split.hpp
/// @brief  The four splits of a data set in P9D layout.
/// @layer  data
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace ctp::data {

/// Training pairs, test pairs, and the queries and candidates of multi-modal retrieval.
enum class Split : int { Train = 0, Test = 1, Query = 2, Gallery = 3 };

/// Name of a split's JSON file without the extension.
constexpr std::string_view split_name(Split split) {
  constexpr std::array<std::string_view, 4> names = {"train", "test", "query", "gallery"};
  return names[static_cast<std::size_t>(split)];
}

}  // namespace ctp::data
