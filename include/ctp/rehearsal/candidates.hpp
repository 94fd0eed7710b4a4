/// @file   ctp/rehearsal/candidates.hpp
/// @brief  Candidates of a rehearsal: the pairs of a learned task, with their features.
/// @layer  rehearsal
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <ctp/core/error.hpp>

namespace ctp::rehearsal {

/// One row of features for each candidate.
struct FeatureRows {
  std::size_t width = 0;
  std::vector<float> values;  ///< [candidates, width], unit length
};

/// @brief The pairs of one task, without the kept pairs that were trained with the task.
struct Candidates {
  std::uint32_t task = 0;                  ///< number of the task, counted from 0
  std::span<const std::uint32_t> members;  ///< ordinals, in the task's order
  /// Fused class tokens of image and text, by the model that has just learned the task, without augmentation.
  /// Computed at each call, by one pass over the task's data.
  std::function<FeatureRows()> features;
  std::function<std::string(std::uint32_t)> name;  ///< the name of a pair in messages, by ordinal
};

/// **Errors.** UsageError for a negative number of pairs to keep.
inline void require_budget(int budget) {
  if (budget < 0)
    throw UsageError(
        Complaint{"rehearsal.budget", "", "0 or more pairs", std::to_string(budget), "0 keeps nothing"}.text());
}

}  // namespace ctp::rehearsal
