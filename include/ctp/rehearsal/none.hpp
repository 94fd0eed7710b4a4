/// @file   ctp/rehearsal/none.hpp
/// @brief  No rehearsal.
/// @layer  rehearsal
#pragma once

namespace ctp::rehearsal {

/// Trains each task on its own pairs alone.
struct None {
  static constexpr bool joins_all_tasks = false;
};

}  // namespace ctp::rehearsal
