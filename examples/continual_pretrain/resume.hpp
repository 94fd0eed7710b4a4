/// @file   resume.hpp
/// @brief  The facts of a run that its checkpoints store, and the checkpoint that a run goes on from.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/fingerprint.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/core/printable.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/data/pairs/p9d.hpp>
#include <ctp/data/text/token_ids.hpp>
#include <ctp/data/text/vocabulary.hpp>
#include <ctp/io/checkpoint/checkpoint.hpp>
#include <ctp/io/checkpoint/checkpoint_folder.hpp>
#include <ctp/io/suggest.hpp>
#include <ctp/train/checkpoint/checkpoint.hpp>
#include <ctp/train/checkpoint/facts.hpp>

#include "../common/evaluation.hpp"
#include "bad_pictures.hpp"
#include "run_config.hpp"
#include "run_logs.hpp"
#include "settings.hpp"

namespace pretrain {

/// Options that change no result of a run, or whose result is compared by content: where inputs lie, which pictures are
/// left out.
inline constexpr std::array<std::string_view, 18> free_options{"data",
                                                               "vocab",
                                                               "init",
                                                               "quarantine",
                                                               "threads",
                                                               "workers",
                                                               "prefetch",
                                                               "keep",
                                                               "keep_every",
                                                               "cache_mb",
                                                               "checkpoint_every",
                                                               "log_every",
                                                               "no_check",
                                                               "max_pixels",
                                                               "patience_seconds",
                                                               "max_empty_titles",
                                                               "max_unknown_share",
                                                               "bad_image_limit"};

/// Fingerprint of all records: order, tasks, ids, titles and relevance labels. Paths are left out: data may move.
inline std::string annotations_print(const ctp::data::P9d& stream) {
  ctp::Fingerprint print;
  for (const auto* list : {&stream.train(), &stream.test(), &stream.query(), &stream.gallery()}) {
    print.add(std::to_string(list->size()));
    for (const ctp::data::Sample& sample : *list)
      print.add(sample.industry).add(sample.id).add(sample.title).add(sample.category);
  }
  return print.text();
}
/// Fingerprint of the training pairs that were left out before the training.
inline std::string left_out_print(const BadPictures& bad_pictures) {
  ctp::Fingerprint print;
  for (const std::uint32_t ordinal : bad_pictures.ordinals()) print.add(std::to_string(ordinal));
  return print.text();
}

/// @brief What the results of a run depend on, by key: the keys of config.json, and fingerprints of what was read. Call
/// after the pictures were checked. Settings of policies are among the facts of every checkpoint.
inline ctp::io::CheckpointFacts run_facts(const Settings& settings, const ctp::ModelConfig& model,
                                          const ctp::data::P9d& stream, const ctp::data::Vocabulary& vocabulary,
                                          const BadPictures& bad_pictures, const examples::Evaluator& evaluate) {
  ctp::io::CheckpointFacts facts;
  for (const auto& [key, value] : config_members(settings, model, {}))
    if (std::find(free_options.begin(), free_options.end(), key) == free_options.end()) facts["run." + key] = value;
  std::string groups;
  for (const Assignment& a : settings.groups) groups += a.key + "=" + a.value + " ";  // later ones win: order counts
  std::string lists;
  for (const examples::RecallList& list : evaluate.alone()) lists += list.fingerprint + " ";
  facts["run.groups"] = groups;
  facts["run.test_lists"] = lists;
  facts["run.annotations"] = annotations_print(stream);
  facts["run.left_out"] = left_out_print(bad_pictures);
  facts["run.vocabulary"] = ctp::data::token_ids_of(vocabulary).fingerprint;
  return facts;
}

/// Adds --keep and --keep-every, which a run that goes on remembers.
inline void add_retention(ctp::io::CheckpointFacts& facts, const Settings& settings) {
  facts["keep.last"] = std::to_string(settings.keep);
  facts["keep.every"] = std::to_string(settings.keep_every);
}
/// The run's own --keep and --keep-every, unless the command line has others.
inline void keep_retention(const std::vector<Assignment>& given, const ctp::io::Checkpoint& saved, Settings& settings) {
  const auto take = [&](const char* option, const char* fact, int& number) {
    const auto found = saved.facts.find(fact);
    const bool named = std::any_of(given.begin(), given.end(), [&](const Assignment& a) { return a.key == option; });
    if (!named && found != saved.facts.end()) assign_in_range({option, found->second, saved.path}, number);
  };
  take("keep", "keep.last", settings.keep);
  take("keep_every", "keep.every", settings.keep_every);
}

/// The run that goes on.
struct Resumed {
  ctp::io::Checkpoint checkpoint;
  bool finished = false;  ///< the run has written its summary
};

namespace detail {
/// The facts of a checkpoint that run_facts() made, under their keys in config.json.
inline ctp::io::CheckpointFacts own_facts(const ctp::io::CheckpointFacts& facts) {
  ctp::io::CheckpointFacts own;
  for (const auto& [key, value] : facts)
    if (key.starts_with("run.")) own[key.substr(4)] = value;
  return own;
}
/// **Errors.** UsageError for a key of --allow that nothing is compared by.
inline void require_known(const std::vector<std::string>& allow, const ctp::io::Checkpoint& saved,
                          const ctp::io::CheckpointFacts& now) {
  std::vector<std::string> known(run_logs);
  for (const auto* facts : {&saved.facts, &now})
    for (const auto& [key, value] : *facts) {
      const bool own = key.starts_with("run.");
      const bool other = key == "strategy" || key == "version" || key.starts_with("options.") ||
                         key.starts_with("model.") || key.starts_with("keep.") || key.starts_with("time.") ||
                         key.starts_with("log.");
      if (own || !other) known.push_back(own ? key.substr(4) : key);  // the others are settings of policies
    }
  for (const std::string& key : allow)
    if (std::find(known.begin(), known.end(), key) == known.end())
      throw ctp::UsageError(
          ctp::Complaint{"--allow", "", "a key that is compared", ctp::quoted(key), ctp::io::suggestion(key, known)}
              .text());
}
}  // namespace detail

/// @brief Reads the newest valid checkpoint, and names those passed over on standard error. `allow`: keys that may
/// differ. `looks`: nothing is changed. Settings of policies are compared by Training.
/// **Errors.** CheckpointError if there is none, for a fact that differs, and for a log that is not the run's;
/// UsageError for a key of `allow` that does not exist.
inline Resumed open_checkpoint(const std::string& checkpoints, const ctp::io::CheckpointFacts& facts,
                               const std::vector<std::string>& allow, const std::string& output, bool looks) {
  ctp::io::CheckpointFolder folder(checkpoints);
  if (ctp::io::exists(checkpoints) && !looks) folder.open();  // mends what a killed run left
  std::vector<ctp::io::PassedOver> passed_over;
  Resumed resumed{.checkpoint = ctp::newest_checkpoint(folder, &passed_over)};
  for (const ctp::io::PassedOver& damaged : passed_over)
    std::fprintf(stderr, "continual_pretrain: passed over a checkpoint: %s\n",
                 ctp::printable(damaged.reason, 1U << 15U).c_str());
  const ctp::io::Checkpoint& saved = resumed.checkpoint;
  detail::require_known(allow, saved, facts);
  ctp::io::CheckpointFacts then = detail::own_facts(saved.facts), now = detail::own_facts(facts);
  for (const auto& [key, value] : now) then.try_emplace(key, "nothing");  // an option that was not given has no key
  for (const auto& [key, value] : then) now.try_emplace(key, "nothing");
  ctp::require_same_facts({.path = saved.path, .step = saved.step, .facts = then, .tensors = {}}, now, {allow},
                          allow_remedy);
  for (const std::string& log : run_logs)
    if (std::find(allow.begin(), allow.end(), log) == allow.end()) require_log(output, log, saved);
  resumed.finished = has_summary(output, saved);
  return resumed;
}

}  // namespace pretrain
