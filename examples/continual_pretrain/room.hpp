/// @file   room.hpp
/// @brief  What a run needs of disk and memory, compared with what there is, before the first step.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <ctp/core/error.hpp>
#include <ctp/core/json_line.hpp>
#include <ctp/core/printable.hpp>
#include <ctp/data/batch.hpp>
#include <ctp/io/free_space.hpp>

#include "../common/strategies.hpp"
#include "counted.hpp"
#include "guard_settings.hpp"
#include "machine_memory.hpp"
#include "policy_settings.hpp"
#include "run_context.hpp"
#include "steps_of.hpp"
#include "strategy_cost.hpp"
#include "training_plan.hpp"

namespace pretrain {

/// What a run takes and what there is. **Units.** bytes.
struct Room {
  std::uint64_t weights_file = 0;            ///< weights of one task
  std::uint64_t checkpoint = 0;              ///< one checkpoint
  std::uint64_t disk = 0;                    ///< weights of all tasks, checkpoints and logs, at least
  std::uint64_t training = 0;                ///< host: state and one step, on a device nothing; a copy for roll-backs
  std::uint64_t batches = 0;                 ///< host: batches that are made ahead
  std::uint64_t machine = machine_memory();  ///< host
  std::optional<std::uint64_t> free_disk;    ///< below the output folder; unknown without one

  /// With the copy of the state that is written while the training goes on.
  [[nodiscard]] std::uint64_t memory() const { return training + batches + checkpoint; }
};

namespace detail {

/// Bytes of the batches that wait and of the batch in use.
inline std::uint64_t batch_bytes(const RunContext& context) {
  const Settings& s = context.settings;
  const auto pairs = static_cast<std::uint64_t>(s.batch_size), side = static_cast<std::uint64_t>(context.model.image);
  const std::uint64_t one = pairs * (3 * side * side + 16 * static_cast<std::uint64_t>(s.max_words));
  return one * (static_cast<std::uint64_t>(s.prefetch) + 2);
}

/// A batch of the training's shape, one in seven tokens masked.
inline ctp::data::Batch shape_of_batches(const RunContext& context) {
  ctp::data::Batch batch;
  batch.resize(context.settings.batch_size, context.model.image, context.settings.max_words,
               ctp::data::Pictures::Pixels);
  for (std::size_t i = 0; i < batch.ids.size(); ++i) {
    batch.ids[i] = batch.masked[i] = context.model.cls;
    batch.attend[i] = 1;
    batch.labels[i] = i % 7 == 1 ? context.model.cls : ctp::data::ignore_label;
  }
  return batch;
}

inline void require_memory(std::uint64_t needed, const Room& room, const char* purpose) {
  if (needed <= room.machine) return;
  throw ctp::ResourceError(ctp::Complaint{"memory", "", ctp::io::size_text(needed) + " for " + purpose,
                                          ctp::io::size_text(room.machine) + " on this machine",
                                          "choose a smaller model, batch, --image-size or --prefetch"}
                               .text());
}

}  // namespace detail

/// @brief Needs of a run of `Strategy`. The state and the step are counted as by the dry run, without computing.
/// **Errors.** ResourceError if the batches alone exceed the memory; as configure() and cost_of().
template <class Strategy>
Room room_of(const RunContext& context) {
  const Settings& s = context.settings;
  Room room;
  room.batches = detail::batch_bytes(context);
  detail::require_memory(room.batches, room, "batches made ahead");
  Counted::on_device = s.device == "cuda";
  Counted::rounds_operands = Counted::on_device && s.precision == "bf16";
  const StrategyCost cost = cost_of<Strategy>(context.model, detail::shape_of_batches(context), 0,
                                              configured<Strategy>(s, context.policy_settings), s);
  if (!Counted::on_device) room.training = cost.state() + cost.step;
  room.weights_file = cost.weights + cost.queue + (std::uint64_t{1} << 16U);
  const auto tasks = static_cast<std::uint64_t>(context.tasks.size());
  std::uint64_t steps = 0;
  for (std::size_t t = 0; t < context.tasks.size(); ++t)
    steps +=
        steps_of(context.tasks[t].members.size(), s, context.least_pairs) * static_cast<std::uint64_t>(epochs_of(s, t));
  const std::uint64_t lines = steps / static_cast<std::uint64_t>(s.log_every) * 200 + tasks * tasks * 150;
  const auto every = static_cast<std::uint64_t>(s.keep_every);
  const std::uint64_t kept = std::min(static_cast<std::uint64_t>(s.keep) + (every > 0 ? steps / every : 0), steps) + 1;
  const std::uint64_t state = cost.state() - cost.gradient;
  const std::uint64_t copy = guard_of(s).rolls_back() ? state : 0;  // on the host, and part of the state
  room.training += copy;
  room.checkpoint = state + copy + (std::uint64_t{1} << 16U);
  room.disk = tasks * room.weights_file + lines + kept * room.checkpoint;
  if (!s.output.empty()) room.free_disk = ctp::io::free_space(s.output);
  return room;
}

/// **Errors.** ResourceError naming what the run needs and what there is: disk, size of one file, and, unless `planned`
/// for another machine, memory.
inline void require_room(const Room& room, const RunContext& context, bool planned) {
  const std::string& output = context.settings.output;
  if (room.free_disk && *room.free_disk < room.disk)
    throw ctp::ResourceError(ctp::Complaint{output, "free disk space",
                                            ctp::io::size_text(room.disk) + " for the weights of " +
                                                std::to_string(context.tasks.size()) + " tasks, checkpoints and logs",
                                            ctp::io::size_text(*room.free_disk), "free some space or write elsewhere"}
                                 .text());
  const std::uint64_t largest = std::max(room.weights_file, room.checkpoint);
  if (largest > largest_file())
    throw ctp::ResourceError(ctp::Complaint{output, "limit of a file's size (ulimit -f)",
                                            ctp::io::size_text(largest) + " for a checkpoint",
                                            ctp::io::size_text(largest_file()), "raise the limit"}
                                 .text());
  if (!planned)
    detail::require_memory(room.memory(), room, "the training's state, one step, and the copy of a checkpoint");
}

/// Adds the fields of a dry run.
inline void add_room(ctp::JsonLine& line, const Room& room, const RunContext& context) {
  const auto known = [&](const char* key, const std::optional<std::uint64_t>& value) {
    value ? line.add(key, *value) : line.add(key, nullptr);
  };
  line.add("weights_file", room.weights_file).add("checkpoint", room.checkpoint).add("disk", room.disk);
  known("free_disk", room.free_disk);
  line.add("memory", room.memory()).add("machine_memory", room.machine);
  line.add("cache_budget", context.cache_budget);
  known("cache_filled", context.cache_filled);
}

/// The lines of a dry run.
inline std::string room_text(const Room& room, const RunContext& context) {
  const auto size = [](std::uint64_t bytes) { return ctp::io::size_text(bytes); };
  std::string text = "disk: " + size(room.disk) + " for the weights of " + std::to_string(context.tasks.size()) +
                     " tasks, checkpoints of " + size(room.checkpoint) + " each, and the logs";
  if (room.free_disk) text += "; free below " + ctp::printable(context.settings.output) + ": " + size(*room.free_disk);
  text += "\nmemory: " + size(room.memory()) + " for state, step and batches of " + context.settings.strategy + ", ";
  text += context.cache_filled ? "and " + size(*context.cache_filled) + " for decoded pictures"
                               : std::string("and decoded pictures");
  text += " (--cache-mb: at most " + size(context.cache_budget) + "); this machine has " + size(room.machine);
  if (room.memory() > room.machine) text += ": it would refuse this training";
  return text + "\n";
}

}  // namespace pretrain
