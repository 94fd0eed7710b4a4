/// @file   ctp/rehearsal/everything.hpp
/// @brief  Joint training on all tasks: the upper bound of continual methods.
/// @layer  rehearsal
#pragma once

namespace ctp::rehearsal {

/// Joins all tasks of a stream into one task, trained once.
struct Everything {
  static constexpr bool joins_all_tasks = true;
};

}  // namespace ctp::rehearsal
