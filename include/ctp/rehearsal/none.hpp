/// @file   ctp/rehearsal/none.hpp
/// @brief  Nothing is rehearsed.
/// @layer  rehearsal
#pragma once

namespace ctp::rehearsal {

/// Each task is trained on its own pairs alone.
struct None {
  static constexpr bool joins_all_tasks = false;
};

}  // namespace ctp::rehearsal
