/// @file   command_line.hpp
/// @brief  Command line of continual_pretrain: assignments from --config, options and --set.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <ctp/core/error.hpp>
#include <ctp/io/suggest.hpp>

#include "../common/run.hpp"
#include "../common/strategies.hpp"
#include "config_files.hpp"
#include "name_list.hpp"
#include "settings.hpp"

namespace pretrain {

/// All assignments of configuration file and command line, in order of rising precedence.
struct CommandLine {
  std::vector<Assignment> assignments;
  std::vector<std::string> configs;  ///< paths of --config
  std::vector<std::string> allow;    ///< of --allow: keys in which a run that goes on may differ
  std::string replay;                ///< of --replay: path of a stored batch
  bool json = false, dry_run = false;
};

inline std::optional<int> read_command_line(int argc, char** argv, CommandLine& line) {
  CLI::App app{"Trains a vision-language model on a stream of tasks and measures its forgetting.",
               "continual_pretrain"};
  std::vector<Assignment> options;
  std::vector<std::string> frozen;  // of --freeze, which may be given several times
  Settings defaults;
  Settings::fields(defaults, [&](const char* key, auto& field, const char* help) {
    const std::string name = Settings::option_name(key), where = command_line;
    if (std::string_view(key) == "freeze") {
      app.add_option(name, frozen, help)->allow_extra_args(false);
      return;
    }
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(field)>, bool>) {
      app.add_flag_callback(name, [&options, key, where] { options.push_back({key, "true", where}); }, help);
    } else {
      std::string text = help;
      if constexpr (std::is_same_v<std::remove_cvref_t<decltype(field)>, std::string>)
        text += field.empty() ? "" : " [" + field + "]";
      else if (!(field < 0))
        text += " [" + (std::ostringstream() << field).str() + "]";
      app.add_option_function<std::string>(
          name, [&options, key, where](const std::string& value) { options.push_back({key, value, where}); }, text);
    }
  });
  std::vector<std::string>& configs = line.configs;
  std::vector<std::string> sets;
  app.add_option(
         "--config", configs,
         "settings as JSON with comments, or a YAML file of the published code; relative paths in the file begin "
         "at its folder; several files may be given, and later ones replace the settings of earlier ones")
      ->allow_extra_args(false);
  app.add_option(
      "--set", sets,
      "key=value: an option, or a setting of a policy, the model, the augmentation or a group of parameters, such as "
      "momentum.decay, model.vision_width, augment.published, group.visual_encoder*.rate");
  app.add_option("--allow", line.allow,
                 "with --resume: a setting that may differ from the run's, by its key in config.json; may be given "
                 "several times")
      ->allow_extra_args(false);
  app.add_option("--replay", line.replay,
                 "with --resume: train nothing and write nothing; print losses and gradients of a batch in the run's "
                 "folder faults/, with the state of the newest checkpoint");
  app.add_flag("--json", line.json, "print the lines of metrics.jsonl instead of progress");
  app.add_flag("--dry-run", line.dry_run,
               "train nothing and write nothing: print the sizes of the training and the costs of each strategy");
  if (const auto code = examples::parse(app, argc, argv)) return code;
  if (!frozen.empty()) options.push_back({"freeze", join_names(frozen), command_line});
  for (const std::string& config : configs)
    for (Assignment& a : read_config_file(config)) line.assignments.push_back(std::move(a));
  line.assignments.insert(line.assignments.end(), options.begin(), options.end());
  for (const std::string& set : sets) {
    const auto at = set.find('=');
    if (at == std::string::npos || at == 0)
      throw ctp::UsageError(ctp::Complaint{"--set", "", "key=value", "'" + set + "'", ""}.text());
    line.assignments.push_back({set.substr(0, at), set.substr(at + 1), "--set"});
    const auto same = [&](const std::string& other) { return other.starts_with(set.substr(0, at + 1)); };
    if (std::count_if(sets.begin(), sets.end(), same) > 1)
      throw ctp::UsageError(ctp::Complaint{"--set", set.substr(0, at), "every key once", "it twice", ""}.text());
  }
  const auto given = line.assignments.end() - static_cast<std::ptrdiff_t>(options.size() + sets.size());
  detail::require_agreement({given, line.assignments.end()}, command_line);
  require_inputs(line.assignments);
  return std::nullopt;
}

/// **Errors.** UsageError for an unknown strategy.
inline void require_strategy(const std::string& name) {
  const std::vector<std::string> known = examples::strategy_names();
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  throw ctp::UsageError(
      ctp::Complaint{"--strategy", "", "the name of a strategy", "'" + name + "'", ctp::io::suggestion(name, known)}
          .text());
}

}  // namespace pretrain
