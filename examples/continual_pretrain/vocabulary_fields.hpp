/// @file   vocabulary_fields.hpp
/// @brief  Size of the vocabulary and special tokens of a model, which no setting may contradict.
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/model_config.hpp>
#include <ctp/data/text/vocabulary.hpp>

#include "model_settings.hpp"
#include "settings.hpp"

namespace pretrain {

/// @brief Takes the size of the vocabulary and the ids of the special tokens from `vocabulary`.
/// **Errors.** UsageError for an assignment, the last of its field, that has another value.
inline void take_vocabulary(const ctp::data::Vocabulary& vocabulary, const std::string& name,
                            const std::vector<ModelSetting>& settings, ctp::ModelConfig& model) {
  model.vocab = static_cast<int>(vocabulary.size());
  model.pad = vocabulary.pad();
  model.unk = vocabulary.unk();
  model.cls = vocabulary.cls();
  model.sep = vocabulary.sep();
  model.mask = vocabulary.mask();
  for (const auto& [field, number] : {std::pair{"vocab", model.vocab},
                                      {"pad", model.pad},
                                      {"unk", model.unk},
                                      {"cls", model.cls},
                                      {"sep", model.sep},
                                      {"mask", model.mask}}) {
    const Assignment* last = nullptr;
    for (const ModelSetting& setting : settings)
      if (setting.field == field) last = &setting.assignment;
    if (last == nullptr) continue;
    int wanted = 0;
    assign(*last, wanted);
    if (wanted != number)
      detail::refuse(*last, "the " + std::to_string(number) + " of " + name, "leave it out: the vocabulary decides");
  }
}

}  // namespace pretrain
