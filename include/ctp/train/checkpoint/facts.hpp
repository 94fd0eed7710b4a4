/// @file   ctp/train/checkpoint/facts.hpp
/// @brief  Facts on a training that its checkpoints store, and their comparison.
/// @layer  train
#pragma once

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/json_line.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/io/checkpoint/checkpoint.hpp>
#include <ctp/train/options.hpp>
#include <ctp/version.hpp>

namespace ctp {

template <class Strategy, class ModelType>
class Learner;

namespace detail {

/// Adds the settings that a training's results depend on, by the names of their members.
inline void add_options(io::CheckpointFacts& facts, const TrainOptions& options) {
  const auto add = [&](const std::string& key, const auto& value) {
    std::string text;
    append_json(text, value);
    facts["options." + key] = text;
  };
  add("epochs", options.epochs);
  add("rate", options.rate);
  add("min_rate", options.min_rate);
  add("clip_norm", options.clip_norm);
  add("guard.on_nonfinite", name_of(options.guard.on_nonfinite));
  add("guard.on_spike", name_of(options.guard.on_spike));
  add("guard.spike_z", options.guard.spike_z);
  add("guard.spike_window", options.guard.spike_window);
  add("guard.rollback_steps", options.guard.rollback_steps);
  add("guard.limit", options.guard.limit);
  add("max_tokens", options.max_tokens);
  add("seed", options.seed);
  add("loading.batch_size", options.loading.batch_size);
  add("loading.last_batch", options.loading.last_batch == data::LastBatch::Keep ? "keep" : "drop");
  add("loading.augment", options.loading.augment);
  JsonArray groups;
  for (const optim::ParameterGroup& group : options.groups) {
    JsonLine line;
    line.add("pattern", group.pattern);
    if (group.freeze) line.add("freeze", *group.freeze);
    if (group.rate) line.add("rate", *group.rate);
    if (group.decay) line.add("decay", *group.decay);
    groups.push(line);
  }
  add("groups", groups);
}

}  // namespace detail

/// The settings of a learner's policies, by their keys: `momentum.decay`.
template <class Strategy, class Model>
io::CheckpointFacts settings_facts(Learner<Strategy, Model>& learner) {
  io::CheckpointFacts facts;
  learner.settings([&](const std::string& key, const auto& value) {
    using Value = std::remove_cvref_t<decltype(value)>;
    std::string text;
    if constexpr (std::is_enum_v<Value>)
      detail::append_json(text, static_cast<std::underlying_type_t<Value>>(value));
    else
      detail::append_json(text, value);
    facts[key] = text;
  });
  return facts;
}

/// @brief What a learner's results depend on, by key: `strategy`, `model.vision_depth`, `options.seed`,
/// `momentum.decay`. A checkpoint stores these facts, and load_checkpoint() compares them.
template <class Strategy, class Model>
io::CheckpointFacts training_facts(Learner<Strategy, Model>& learner) {
  io::CheckpointFacts facts = settings_facts(learner);
  facts["strategy"] = Strategy::name;
  facts["version"] = version;
  ModelConfig::fields(learner.model().config(), [&](const char* name, const auto& value) {
    detail::append_json(facts["model." + std::string(name)], value);
  });
  detail::add_options(facts, learner.options());
  return facts;
}

/// Keys of facts in which a checkpoint may differ.
struct AllowedDifferences {
  std::vector<std::string> keys = {};
};

/// @brief Checks that a checkpoint is of the training that goes on. A fact that only one side knows is not compared,
/// and `version` never is. `remedy`: how a difference is allowed, with the key in place of "KEY".
/// **Errors.** CheckpointError naming the checkpoint and the first key that differs, with both values.
inline void require_same_facts(const io::Checkpoint& saved, const io::CheckpointFacts& now,
                               const AllowedDifferences& allowed, const std::string& remedy) {
  for (const auto& [key, value] : saved.facts) {
    const auto mine = now.find(key);
    if (mine == now.end() || mine->second == value || key == "version") continue;
    if (std::find(allowed.keys.begin(), allowed.keys.end(), key) != allowed.keys.end()) continue;
    std::string advice = remedy;
    if (const std::size_t at = advice.find("KEY"); at != std::string::npos) advice.replace(at, 3, key);
    throw CheckpointError(
        Complaint{saved.path, key, mine->second + ", as this training has it", value, std::move(advice)}.text());
  }
}

}  // namespace ctp
