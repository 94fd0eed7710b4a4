/// @file   run_context.hpp
/// @brief  Inputs of a training, and the two functions that main.cpp calls with them. cpu.cpp has the functions.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <ctp/core/json_line.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/data/source.hpp>
#include <ctp/encoder/weights.hpp>
#include <ctp/io/checkpoint/checkpoint.hpp>
#include <ctp/io/run_folder.hpp>
#include <ctp/tensor/named.hpp>

#include "../common/evaluation.hpp"
#include "bad_pictures.hpp"
#include "settings.hpp"

namespace pretrain {

/// The inputs and outputs of a run, the same for all strategies.
struct RunContext {
  const Settings& settings;
  ctp::ModelConfig model;
  const std::vector<ctp::data::Task>& tasks;
  const examples::Evaluator& evaluate;
  std::function<void(const std::string& path, ctp::TensorFile file)> save;  ///< writes weights
  std::function<void(const std::string& folder)> save_inputs;               ///< writes config.json and vocab.txt
  std::vector<Assignment> policy_settings;                                  ///< keys such as momentum.decay
  BadPictures& bad_pictures;
  const ctp::TensorFile* init = nullptr;   ///< starting weights, if any
  ctp::ParameterFilter starts_fresh = {};  ///< parameters that they lack; those of policies apart
  bool json = false;
  std::function<void()> announce = [] {};   ///< prints notes on the input, once nothing can be refused any more
  ctp::io::RunFolder* folder = nullptr;     ///< null in a dry run
  std::vector<ctp::JsonLine> opening = {};  ///< first lines of metrics.jsonl
  /// Evaluation records left out as their pictures are bad, by split; for the task lines, if there are any.
  std::optional<ctp::JsonLine> left_out = {};
  int least_pairs = 1;                              ///< of a batch that the losses can learn from
  std::uint64_t cache_budget = 0;                   ///< bytes of decoded pictures that the caches may hold
  std::optional<std::uint64_t> cache_filled;        ///< bytes that they will hold; unknown without the check
  ctp::io::CheckpointSink* checkpoints = nullptr;   ///< null in a dry run
  const ctp::io::CheckpointFacts* facts = nullptr;  ///< of the run, for its checkpoints
  ctp::io::Checkpoint* resumed = nullptr;           ///< the checkpoint that the run goes on from, if any
  const ctp::TensorFile* replayed = nullptr;        ///< a stored batch that is only looked at, if any
  std::vector<std::string> allow = {};              ///< keys in which a run that goes on may differ
  std::function<void()> goes_on = [] {};            ///< called when a run goes on and nothing can be refused any more
};

/// Trains on the CPU with the strategy of the settings, or looks at the stored batch. **Errors.** as Training and
/// replay().
void train_on_cpu(const RunContext& context);

/// Checks the settings of the strategy's policies before anything is read or written. **Errors.** UsageError naming the
/// key.
void check_policies(const Settings& settings, const std::vector<Assignment>& policies);
/// Compares what the training needs of disk and memory with what there is. **Errors.** ResourceError with both numbers.
void require_room(const RunContext& context);

/// Checks the patterns of --freeze and of groups, and the number of epochs, before anything is written. **Errors.**
/// UsageError naming the option.
void check_plan(const RunContext& context);

/// Prints the costs of a training without training. **Errors.** as the training before its first step.
void dry_run(const RunContext& context);

}  // namespace pretrain
