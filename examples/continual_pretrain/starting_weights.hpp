/// @file   starting_weights.hpp
/// @brief  Starting weights of a training (--init), and the sizes that the weights fix.
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/data/text/vocabulary.hpp>
#include <ctp/encoder/weights.hpp>
#include <ctp/io/files.hpp>
#include <ctp/io/weights/model_config.hpp>
#include <ctp/io/weights/training_record.hpp>

#include "../common/encoder_layout.hpp"
#include "../common/starting_parts.hpp"
#include "../common/trained_with.hpp"
#include "init_files.hpp"
#include "model_settings.hpp"
#include "opened_weights.hpp"
#include "parts_of_model.hpp"
#include "settings.hpp"

namespace pretrain {

/// @brief Requires that the model has the sizes of its starting weights. Fields that the file does not fix may differ:
/// the queue, dropout, temperatures of the file's `config` entry, and heads if there is no entry. Special tokens are
/// the vocabulary's. Temperatures of a file without `config` are its tensors' and may not differ.
/// **Errors.** UsageError naming the assignment that contradicts the file.
inline void require_sizes_of(const ctp::TensorFile& file, const ctp::ModelConfig& of_file,
                             const ctp::ModelConfig& model, const std::vector<ModelSetting>& settings) {
  std::vector<std::string> free{"queue", "dropout", "pad", "unk", "cls", "sep", "mask"};
  const bool stated = file.metadata.contains("config");
  if (!stated) free.insert(free.end(), {"vision_heads", "text_heads"});
  for (const char* temperature : {"temp", "distill_temp"})
    if (stated || file.find(temperature) == nullptr) free.emplace_back(temperature);
  require_fixed(file.origin, of_file, model, settings,
                [&](const std::string& field) { return std::find(free.begin(), free.end(), field) == free.end(); });
}

/// @brief Reads the files of --init. Settings that nobody gave are the file's: the vocabulary beside it, and the number
/// of words of its training. Without a text encoder in the files the vocabulary is not theirs.
/// **Errors.** as open_files() and io::training_of(); UsageError if there is no vocabulary.
inline StartingWeights open_starting_weights(const std::vector<Assignment>& assignments, Settings& settings) {
  StartingWeights start = open_files(files_of_init(settings.init));
  if (start.parts && start.parts->text_file.empty()) return start;
  start.trained = ctp::io::training_of(start.file);
  const ctp::io::TrainingRecord* trained = start.trained ? &*start.trained : nullptr;
  if (settings.vocab.empty()) {
    settings.vocab = examples::vocabulary_beside(start.parts ? start.parts->text_file : start.file.origin, trained);
    if (!ctp::io::exists(settings.vocab))
      throw ctp::UsageError(ctp::Complaint{"--vocab", "", "the vocabulary of " + settings.init, "no " + settings.vocab,
                                           "give the vocabulary of these weights"}
                                .text());
    start.notes.push_back("vocabulary: " + settings.vocab + ", beside the starting weights");
  }
  if (trained == nullptr) {
    start.notes.push_back(settings.init + " does not say what it was trained with: that its vocabulary is " +
                          settings.vocab +
                          " was not checked; words kept of a title: " + std::to_string(settings.max_words));
    return start;
  }
  const auto given = [&](const char* key) {
    return std::any_of(assignments.begin(), assignments.end(), [&](const Assignment& a) { return a.key == key; });
  };
  if (!given("background")) settings.background = trained->background;
  if (settings.background != trained->background || settings.background != "none")
    start.notes.push_back("background of transparent pixels: " + settings.background + "; " + settings.init +
                          " was trained with " + trained->background);
  if (!given("max_words")) settings.max_words = trained->max_words;
  if (!given("max_words") || settings.max_words != trained->max_words)
    start.notes.push_back("words kept of a title: " + std::to_string(settings.max_words) + "; " + settings.init +
                          " was trained with " + std::to_string(trained->max_words));
  return start;
}

/// Requires that the file has the parameters of the model. Takes no memory for them. **Errors.** DataError.
inline void require_parameters(const ctp::TensorFile& file, const ctp::ModelConfig& model) {
  (void)ctp::match_weights(examples::layout_of_encoders(model), file, "", true);
}

/// @brief Fits `model` to starting weights: it takes the sizes of the file; its dropout and `chosen` remain.
/// **Errors.** as io::config_of(), require_sizes_of() and adopt_vocabulary(), or as fit_model_to_parts(); DataError for
/// a file without the parameters of such a model.
inline void fit_model(StartingWeights& start, const std::vector<ModelSetting>& chosen,
                      const ctp::data::Vocabulary& vocabulary, const std::string& vocabulary_file,
                      ctp::ModelConfig& model) {
  if (start.parts) return fit_model_to_parts(start, chosen, vocabulary, vocabulary_file, model);
  const std::set<std::string> told = ctp::io::sizes_of(start.file).told;
  ctp::ModelConfig stated = model;
  set_fields(chosen, stated);
  std::set<std::string> names;
  for (const ModelSetting& setting : chosen) names.insert(setting.field);
  ctp::io::GivenSizes given;
  ctp::ModelConfig::fields(stated, [&](const std::string& name, auto value) {
    if ((name == "vision_heads" || name == "text_heads") && names.contains(name) && !told.contains(name))
      given[name] = value;
  });
  const ctp::ModelConfig of_file = ctp::io::config_of(start.file, given);
  const double dropout = model.dropout;
  model = of_file;
  model.dropout = dropout;
  set_fields(chosen, model);
  require_sizes_of(start.file, of_file, model, chosen);
  ctp::ModelConfig ids = of_file;
  examples::adopt_vocabulary(start.file, start.trained ? &*start.trained : nullptr, vocabulary, vocabulary_file, ids);
  require_parameters(start.file, of_file);
  if (std::string text = examples::defaults_text(start.file.origin, model, told, names); !text.empty())
    start.notes.push_back(std::move(text));
}

}  // namespace pretrain
