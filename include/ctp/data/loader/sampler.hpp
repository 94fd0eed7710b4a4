/// @file   ctp/data/loader/sampler.hpp
/// @brief  Random sampling without replacement: the order of pairs in an epoch, and the number of batches.
/// @layer  data
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include <ctp/core/error.hpp>
#include <ctp/core/philox.hpp>

namespace ctp::data {

/// @brief Shuffles `members` for one epoch: a uniform permutation that depends on the arguments alone.
///
/// The result also depends on the initial order of `members`, so every epoch must start from the same order.
/// **Source.** Durstenfeld 1964, algorithm 235 ("Fisher-Yates shuffle"), on the random stream named "shuffle".
inline void shuffle_for_epoch(std::span<std::uint32_t> members, std::uint64_t seed, std::uint32_t task,
                              std::uint32_t epoch) {
  RandomSubstream random(RandomStream(seed, "shuffle"), RandomPlace{task, epoch, 0});
  for (std::size_t left = members.size(); left > 1; --left) {
    std::swap(members[left - 1], members[random.below(static_cast<std::uint32_t>(left))]);
  }
}

/// @brief Number of batches in one epoch. `drop_last`: without an incomplete last batch.
///
/// **Errors.** UsageError naming both sizes if the number is 0.
inline std::size_t batches_per_epoch(const std::string& task, std::size_t members, int batch_size, bool drop_last) {
  if (batch_size < 1) {
    throw UsageError(Complaint{"batch_size", "", "at least 1", std::to_string(batch_size), ""}.text());
  }
  const auto size = static_cast<std::size_t>(batch_size);
  if (members == 0) {
    throw UsageError(Complaint{"task '" + task + "'", "", "at least one pair", "none", "remove the task"}.text());
  }
  if (drop_last && members < size) {
    throw UsageError(Complaint{"batch_size", "task '" + task + "'", "at most its " + std::to_string(members) + " pairs",
                               std::to_string(size),
                               "use a batch size of " + std::to_string(members) + " or less, or add pairs to the task"}
                         .text());
  }
  return drop_last ? members / size : (members + size - 1) / size;
}

}  // namespace ctp::data
