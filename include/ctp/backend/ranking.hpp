/// @file   ctp/backend/ranking.hpp
/// @brief  What retrieval on a backend finds, beside ranks and items.
/// @layer  backend
#pragma once

#include <cstdint>

namespace ctp::backend {

/// How many of the best gallery items are found for each query.
inline constexpr int top_items = 10;
/// In place of an item: the gallery has fewer.
inline constexpr std::int32_t no_item = -1;
/// In place of a rank or an item: one of the row's scores is not a finite number.
inline constexpr std::int32_t not_finite = -2;

}  // namespace ctp::backend
