/// @file   ctp/penalty/none.hpp
/// @brief  No penalty on the parameters.
/// @layer  penalty
#pragma once

namespace ctp::penalty {

/// The empty penalty.
struct None {
  static constexpr bool active = false;
};

}  // namespace ctp::penalty
