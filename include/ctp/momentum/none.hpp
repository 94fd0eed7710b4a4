/// @file   ctp/momentum/none.hpp
/// @brief  No momentum model.
/// @layer  momentum
#pragma once

#include <ctp/core/needs.hpp>

namespace ctp::momentum {

/// Nothing is kept, nothing is updated.
struct None {
  static constexpr bool active = false;
  static constexpr Needs needs{};
};

}  // namespace ctp::momentum
