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
#include "fitted_positions.hpp"
#include "model_settings.hpp"
#include "opened_weights.hpp"

namespace pretrain {

/// @brief Fits `model` to weights of parts of it: sizes that the files tell are theirs, the others remain, with
/// `chosen`. A chosen image size is the model's: positions of the image encoder are interpolated. Of a chosen
/// smaller number of positions of the text encoder the first ones are kept. Adds the report to the notes. Takes no
/// memory for parameters but those positions.
/// **Errors.** as io::sizes_of_part(), require_fixed(), interpolate_image_positions(), cut_text_positions(),
/// fresh_parts() and match_weights(); UsageError for sizes of which no model can be built; DataError for a vocabulary
/// of another size, and for a number of heads that nothing tells.
inline void fit_model_to_parts(StartingWeights& start, const std::vector<ModelSetting>& chosen,
                               const ctp::data::Vocabulary& vocabulary, const std::string& vocabulary_file,
                               ctp::ModelConfig& model) {
  const std::string& origin = start.file.origin;
  set_fields(chosen, model);
  const auto [of_files, told] = ctp::io::sizes_of_part(start.file, model);
  const examples::Fields& fixed = told;  // a lambda captures no structured binding
  require_fixed(origin, of_files, model, chosen, [&](const std::string& field) {
    return fixed.contains(field) && field != "image" && field != "positions";
  });
  examples::Fields given;
  for (const ModelSetting& setting : chosen) given.insert(setting.field);
  const int image = given.contains("image") ? model.image : of_files.image;
  const int positions = given.contains("positions") ? model.positions : of_files.positions;
  model = of_files;
  model.image = image;
  model.positions = positions;
  std::vector<std::string> notes;
  if (told.contains("vision_width"))
    notes.push_back(examples::take_heads(origin, "vision_heads", start.parts->image_heads_by_width, model.vision_width,
                                         given, model.vision_heads));
  if (told.contains("text_width"))
    notes.push_back(examples::take_heads(origin, "text_heads", start.parts->text_heads_by_width, model.text_width,
                                         given, model.text_heads));
  if (told.contains("vocab")) examples::require_tokens(origin, model.vocab, vocabulary, vocabulary_file);
  ctp::validate(model);
  if (told.contains("image") && image != of_files.image)
    notes.push_back(interpolate_image_positions(start.file, of_files.image / of_files.patch, model));
  if (told.contains("positions") && positions != of_files.positions)
    notes.push_back(cut_text_positions(start.file, of_files.positions, positions, chosen));
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
