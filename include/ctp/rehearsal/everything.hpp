/// @file   ctp/rehearsal/everything.hpp
/// @brief  All tasks at once: the upper bound that continual methods are measured against.
/// @layer  rehearsal
#pragma once

namespace ctp::rehearsal {

/// The tasks of a stream are joined and trained once, as a single one.
struct Everything {
  static constexpr bool joins_all_tasks = true;
};

}  // namespace ctp::rehearsal
