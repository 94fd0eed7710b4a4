/// @file   ctp/backend/ranking.hpp
/// @brief  Constants of retrieval on a backend: list length and special values.
/// @layer  backend
#pragma once

#include <cstdint>

namespace ctp::backend {

/// Length of a query's list of best gallery items.
inline constexpr int top_items = 10;
/// Marks an unused place of a list: the gallery has fewer items.
inline constexpr std::int32_t no_item = -1;
/// Marks a row with a score that is not finite, in place of its rank or its items.
inline constexpr std::int32_t not_finite = -2;

}  // namespace ctp::backend
