/// @file   steps_of.hpp
/// @brief  Steps of one epoch and of a whole run, by --batch-size, --last-batch and --epochs.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <ctp/data/source.hpp>

#include "run_context.hpp"
#include "settings.hpp"
#include "training_plan.hpp"

namespace pretrain {

/// @brief Steps of one epoch over `pairs` pairs, as ctp::data::batches_per_epoch() counts them; 0 where that refuses.
/// `least`: pairs of the smallest batch that the losses learn from.
inline std::size_t steps_of(std::size_t pairs, const Settings& s, int least) {
  const auto batch = static_cast<std::size_t>(s.batch_size), rest = pairs % batch;
  const bool keeps = s.last_batch == "keep" && rest > 0 && rest >= static_cast<std::size_t>(least);
  return pairs / batch + (keeps ? 1 : 0);
}

/// Steps of all tasks. `joins`: whether the strategy trains all tasks as one. `may_keep`: pairs of earlier tasks that a
/// rehearsal may add to a task.
inline std::uint64_t all_steps(const RunContext& context, bool joins, int may_keep) {
  std::uint64_t steps = 0;
  std::size_t seen = 0;
  if (joins) {
    for (const ctp::data::Task& task : context.tasks) seen += task.members.size();
    return steps_of(seen, context.settings, context.least_pairs) *
           static_cast<std::uint64_t>(epochs_of(context.settings, 0));
  }
  for (std::size_t t = 0; t < context.tasks.size(); ++t) {
    const std::size_t kept = std::min(seen, static_cast<std::size_t>(may_keep));
    const std::size_t own = context.tasks[t].members.size();
    steps += steps_of(own + kept, context.settings, context.least_pairs) *
             static_cast<std::uint64_t>(epochs_of(context.settings, t));
    seen += own;
  }
  return steps;
}

}  // namespace pretrain
