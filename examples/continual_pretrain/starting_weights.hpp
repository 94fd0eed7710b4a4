/// @file   starting_weights.hpp
/// @brief  Starting weights of a training (--init), and the sizes that the weights fix.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/data/text/vocabulary.hpp>
#include <ctp/io/weights/model_config.hpp>
#include <ctp/io/weights/safetensors.hpp>

#include "model_settings.hpp"
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
  std::map<std::string, double> chosen;
  ctp::ModelConfig::fields(model, [&](const char* name, auto number) { chosen[name] = number; });
  for (auto setting = settings.rbegin(); setting != settings.rend(); ++setting) {  // the last assignment wins
    if (std::find(free.begin(), free.end(), setting->field) != free.end()) continue;
    ctp::ModelConfig::fields(of_file, [&](const char* name, auto number) {
      if (setting->field == name && chosen.at(name) != number)
        detail::refuse(setting->assignment, "the " + ctp::io::detail::shortest(number) + " of " + file.origin,
                       "leave it out: with --init sizes come from the file");
    });
  }
}

/// @brief Reads the starting weights. `model` takes the sizes of the file; its dropout and `chosen` remain.
/// **Errors.** as io::read_safetensors() and require_sizes_of(); DataError if the vocabulary has another size.
inline ctp::TensorFile read_starting_weights(const std::string& path, const std::vector<ModelSetting>& chosen,
                                             const ctp::data::Vocabulary& vocabulary, ctp::ModelConfig& model) {
  ctp::TensorFile file = ctp::io::read_safetensors(path);
  const ctp::ModelConfig of_file = ctp::io::config_of(file);
  const double dropout = model.dropout;
  model = of_file;
  model.dropout = dropout;
  set_fields(chosen, model);
  require_sizes_of(file, of_file, model, chosen);
  if (static_cast<std::size_t>(model.vocab) != vocabulary.size())
    throw ctp::DataError(ctp::Complaint{path, "vocabulary", std::to_string(model.vocab) + " tokens",
                                        std::to_string(vocabulary.size()),
                                        "give the vocabulary of these weights with --vocab"}
                             .text());
  return file;
}

}  // namespace pretrain
