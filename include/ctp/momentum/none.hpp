/// @file   ctp/momentum/none.hpp
/// @brief  No momentum model.
/// @layer  momentum
#pragma once

#include <ctp/core/needs.hpp>

namespace ctp::momentum {

/// No momentum weights are kept or updated.
struct None {
  static constexpr bool active = false;
  static constexpr Needs needs{};
};

}  // namespace ctp::momentum
