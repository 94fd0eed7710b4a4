/// @file   parts_of_model.hpp
/// @brief  Fits a model to starting weights that have parts of it: sizes, numbers of heads, and what starts fresh.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <ctp/core/model_config.hpp>
#include <ctp/data/text/vocabulary.hpp>
#include <ctp/encoder/partial_weights.hpp>
#include <ctp/io/weights/model_config.hpp>

#include "../common/encoder_layout.hpp"
#include "../common/starting_parts.hpp"
#include "../common/trained_with.hpp"
#include "model_settings.hpp"
#include "opened_weights.hpp"

namespace pretrain {

/// @brief Fits `model` to weights of parts of it: sizes that the files tell are theirs, the others remain, with
/// `chosen`. Adds the report to the notes. Takes no memory for parameters.
/// **Errors.** as io::sizes_of_part(), require_fixed(), fresh_parts() and match_weights(); UsageError for sizes of
/// which no model can be built; DataError for a vocabulary of another size, and for a number of heads that nothing
/// tells.
inline void fit_model_to_parts(StartingWeights& start, const std::vector<ModelSetting>& chosen,
                               const ctp::data::Vocabulary& vocabulary, const std::string& vocabulary_file,
                               ctp::ModelConfig& model) {
  const std::string& origin = start.file.origin;
  set_fields(chosen, model);
  const auto [of_files, told] = ctp::io::sizes_of_part(start.file, model);
  const examples::Fields& fixed = told;  // a lambda captures no structured binding
  require_fixed(origin, of_files, model, chosen, [&](const std::string& field) { return fixed.contains(field); });
  examples::Fields given;
  for (const ModelSetting& setting : chosen) given.insert(setting.field);
  model = of_files;
  std::vector<std::string> notes;
  if (told.contains("vision_width"))
    notes.push_back(examples::take_heads(origin, "vision_heads", start.parts->image_heads_by_width, model.vision_width,
                                         given, model.vision_heads));
  if (told.contains("text_width"))
    notes.push_back(examples::take_heads(origin, "text_heads", start.parts->text_heads_by_width, model.text_width,
                                         given, model.text_heads));
  if (told.contains("vocab")) examples::require_tokens(origin, model.vocab, vocabulary, vocabulary_file);
  ctp::validate(model);
  const ctp::Layout layout = examples::layout_of_encoders(model);
  const std::vector<ctp::FreshPart> fresh = ctp::fresh_parts(layout, start.file);
  start.starts_fresh = ctp::parameters_of(fresh);
  (void)ctp::match_weights(layout, start.file, "", true, start.starts_fresh);
  notes.push_back(examples::fresh_text(fresh, model, told));
  notes.push_back(examples::sizes_text(model, told, given));
  for (std::string& note : notes)
    if (!note.empty()) start.notes.push_back(std::move(note));
}

}  // namespace pretrain
