/// @file   run_files.hpp
/// @brief  Takes the folder of a run, apart from all its inputs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <ctp/io/output_guard.hpp>
#include <ctp/io/run_folder.hpp>

#include "../common/standard_streams.hpp"
#include "command_line.hpp"
#include "init_files.hpp"
#include "settings.hpp"

namespace pretrain {

/// The run's folder; null in a dry run, which writes nothing. Without --json a closed standard output loses nothing:
/// all that is printed is in the folder, too.
/// **Errors.** UsageError for a folder that is not empty, that another run has, or that touches an input. With
/// --resume, CheckpointError for a folder that is not there.
inline std::unique_ptr<ctp::io::RunFolder> take_run_folder(const Settings& s, const CommandLine& line) {
  if (line.dry_run) return nullptr;
  if (!line.json && line.replay.empty()) examples::printed_text_is_optional();
  if (s.resume) {  // configuration and vocabulary may be those in the folder
    ctp::io::require_apart("--output", s.output, std::vector<ctp::io::Input>{{"--data", s.data}});
    return std::make_unique<ctp::io::RunFolder>("--output", s.output, ctp::io::RunFolder::Resume{});
  }
  std::vector<ctp::io::Input> inputs{{"--data", s.data}, {"--vocab", s.vocab}, {"--quarantine", s.quarantine}};
  for (const std::string& file : files_of_init(s.init)) inputs.push_back({"--init", file});
  for (const std::string& config : line.configs) inputs.push_back({"--config", config});
  ctp::io::require_apart("--output", s.output, inputs);
  return std::make_unique<ctp::io::RunFolder>(
      "--output", s.output, std::vector<std::string>{"config.json", "metrics.jsonl", "vocab.txt", "checkpoints"},
      std::vector<std::string>{"bad_images.jsonl"});
}

}  // namespace pretrain
