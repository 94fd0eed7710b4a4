/// @file   parts_of_model.hpp
/// @brief  Fits a model to starting weights that have parts of it: sizes, numbers of heads, and what starts fresh.
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/data/text/vocabulary.hpp>
#include <ctp/encoder/partial_weights.hpp>
#include <ctp/io/weights/model_config.hpp>

#include "../common/own_policies.hpp"
#include "../common/trained_with.hpp"
#include "fitted_positions.hpp"
#include "model_settings.hpp"
#include "opened_weights.hpp"

namespace pretrain {

/// The layout of a model without what the strategy decides on: the heads' other parameters, and those of policies.
inline ctp::Layout layout_of_encoders(const ctp::ModelConfig& model) {
  ctp::Layout layout;
  const own_policies::ImageEncoder image(model, layout);
  const own_policies::TextEncoder text(model, layout);
  layout.add<2>("vision_proj.weight", {model.embed, image.width()}, ctp::Start::Weight);
  layout.add<2>("text_proj.weight", {model.embed, text.width()}, ctp::Start::Weight);
  return layout;
}

namespace detail {

/// Names of fields of the model.
using Fields = std::set<std::string>;

/// The number of heads of an encoder that the files have: width / 64 where its layout says so, unless one was `given`.
/// Returns the line of the report; empty if there is nothing to say.
/// **Errors.** DataError for a number that nothing tells.
inline std::string take_heads(const std::string& origin, const std::string& field, bool by_width, int width,
                              const Fields& given, int& heads) {
  constexpr int head_width = 64;
  if (given.contains(field)) return "";
  if (!by_width || width % head_width != 0)
    throw ctp::DataError(ctp::Complaint{origin, "number of heads, which tensors do not tell",
                                        "a layout of published models, and a width that is a multiple of 64",
                                        (by_width ? "width " : "this project's names, width ") + std::to_string(width),
                                        "give model." + field + " with --set"}
                             .text());
  heads = width / head_width;
  return "model." + field + " is " + std::to_string(heads) + ": width " + std::to_string(width) +
         " / 64, as in published models; --set model." + field + "=N replaces it";
}

/// The line of the report on what starts fresh.
inline std::string fresh_text(const std::vector<ctp::FreshPart>& fresh, const ctp::ModelConfig& model,
                              const Fields& told) {
  std::string text;
  const auto add = [&](const std::string& name) { (text += text.empty() ? "" : "; ") += name; };
  for (const ctp::FreshPart& part : fresh)
    add(std::string(part.name) + (part.name == ctp::detail::model_parts.front().name
                                      ? " of the text layers " + std::to_string(model.fusion_layer) + " to " +
                                            std::to_string(model.text_layers - 1)
                                      : ""));
  add(told.contains("temp") ? "queues" : "temperature and queues");
  return "start fresh, since no file has them: " + text;
}

/// The line of the report on sizes that remain those of --model; empty if there are none.
inline std::string sizes_text(const ctp::ModelConfig& model, const Fields& told, const Fields& given) {
  std::string text;
  const Fields of_others{"pad", "unk", "cls", "sep", "mask", "dropout"};
  ctp::ModelConfig::fields(model, [&](const std::string& name, auto value) {
    const bool encoders_heads = (name == "vision_heads" && told.contains("vision_width")) ||
                                (name == "text_heads" && told.contains("text_width")) ||
                                (name == "vocab" && !told.contains("text_width"));  // the vocabulary decides
    if (told.contains(name) || given.contains(name) || of_others.contains(name) || encoders_heads) return;
    text += (text.empty() ? "" : ", ") + ("model." + name + " " + ctp::io::detail::shortest(value));
  });
  return text.empty() ? "" : "sizes that no file tells, of --model: " + text;
}

}  // namespace detail

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
  const detail::Fields& fixed = told;  // a lambda captures no structured binding
  require_fixed(origin, of_files, model, chosen, [&](const std::string& field) {
    return fixed.contains(field) && field != "image" && field != "positions";
  });
  detail::Fields given;
  for (const ModelSetting& setting : chosen) given.insert(setting.field);
  const int image = given.contains("image") ? model.image : of_files.image;
  const int positions = given.contains("positions") ? model.positions : of_files.positions;
  model = of_files;
  model.image = image;
  model.positions = positions;
  std::vector<std::string> notes;
  if (told.contains("vision_width"))
    notes.push_back(detail::take_heads(origin, "vision_heads", start.parts->image_heads_by_width, model.vision_width,
                                       given, model.vision_heads));
  if (told.contains("text_width"))
    notes.push_back(detail::take_heads(origin, "text_heads", start.parts->text_heads_by_width, model.text_width, given,
                                       model.text_heads));
  if (told.contains("vocab")) examples::require_tokens(origin, model.vocab, vocabulary, vocabulary_file);
  ctp::validate(model);
  if (told.contains("image") && image != of_files.image)
    notes.push_back(interpolate_image_positions(start.file, of_files.image / of_files.patch, model));
  if (told.contains("positions") && positions != of_files.positions)
    notes.push_back(cut_text_positions(start.file, of_files.positions, positions, chosen));
  const ctp::Layout layout = layout_of_encoders(model);
  const std::vector<ctp::FreshPart> fresh = ctp::fresh_parts(layout, start.file);
  start.starts_fresh = ctp::parameters_of(fresh);
  (void)ctp::match_weights(layout, start.file, "", true, start.starts_fresh);
  notes.push_back(detail::fresh_text(fresh, model, told));
  notes.push_back(detail::sizes_text(model, told, given));
  for (std::string& note : notes)
    if (!note.empty()) start.notes.push_back(std::move(note));
}

}  // namespace pretrain
