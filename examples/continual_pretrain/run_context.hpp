/// @file   run_context.hpp
/// @brief  Inputs of a training, and the two functions that main.cpp calls with them. cpu.cpp has the functions.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <ctp/core/json_line.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/data/source.hpp>
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
  std::vector<Assignment> policy_settings;                                  ///< keys such as momentum.decay
  BadPictures& bad_pictures;
  const ctp::TensorFile* init = nullptr;  ///< starting weights, if any
  bool json = false;
  std::vector<ctp::JsonLine> opening = {};  ///< first lines of metrics.jsonl
};

/// Trains on the CPU with the strategy of the settings. **Errors.** as Training.
void train_on_cpu(const RunContext& context);

/// Prints the costs of a training without training. **Errors.** as the training before its first step.
void dry_run(const RunContext& context);

}  // namespace pretrain
