/// @file   ctp/data/loader/sampler.hpp
/// @brief  Random sampling without replacement: the order of pairs in an epoch, and the number of batches.
/// @layer  data
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include <ctp/core/error.hpp>
#include <ctp/core/philox.hpp>
#include <ctp/data/loader/loader_options.hpp>

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

/// @brief Number of batches in one epoch, by LoadingOptions::last_batch.
///
/// **Errors.** UsageError naming both sizes if the number is 0.
inline std::size_t batches_per_epoch(const std::string& task, std::size_t members, const LoaderOptions& options) {
  if (options.batch_size < 1) {
    throw UsageError(Complaint{"batch_size", "", "at least 1", std::to_string(options.batch_size), ""}.text());
  }
  const auto size = static_cast<std::size_t>(options.batch_size), rest = members % size;
  if (members == 0) {
    throw UsageError(Complaint{"task '" + task + "'", "", "at least one pair", "none", "remove the task"}.text());
  }
  const bool keep = options.last_batch == LastBatch::Keep;
  if (!keep && members < size) {
    throw UsageError(Complaint{"batch_size", "task '" + task + "'", "at most its " + std::to_string(members) + " pairs",
                               std::to_string(size),
                               "use a batch size of " + std::to_string(members) +
                                   " or less, add pairs to the task, or keep the last batch (LastBatch::Keep, "
                                   "--last-batch keep)"}
                         .text());
  }
  const auto least = static_cast<std::size_t>(std::max(options.least_pairs, 1));
  if (members < least) {
    throw UsageError(Complaint{"task '" + task + "'", "pairs",
                               "at least " + std::to_string(least) + ": a loss contrasts the pairs of a batch",
                               std::to_string(members), "add pairs to the task, or join it with another task"}
                         .text());
  }
  return members / size + (keep && rest >= least ? 1 : 0);
}

}  // namespace ctp::data
