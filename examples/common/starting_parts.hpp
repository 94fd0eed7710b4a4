/// @file   starting_parts.hpp
/// @brief  Weight files that together are the start of a training, and what is said of parts that they lack.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/encoder/partial_weights.hpp>
#include <ctp/io/weights/joined.hpp>
#include <ctp/io/weights/model_config.hpp>
#include <ctp/io/weights/published_names.hpp>
#include <ctp/io/weights/source.hpp>

namespace examples {

/// What is known of starting weights that may be parts of a model.
struct PartsOfModel {
  std::string text_file;              ///< the file with the text encoder; empty if none has it
  bool image_heads_by_width = false;  ///< the image encoder's layout tells its number of heads
  bool text_heads_by_width = false;
};

/// The files of --init as one source in this project's names.
struct JoinedWeights {
  ctp::io::WeightSource source;
  std::optional<PartsOfModel> parts;  ///< nothing for one file in this project's names, which has a whole model
  std::vector<std::string> notes;     ///< a line of the report for each file, where they are parts
};

/// The line of the report for one file.
inline std::string report_of(const ctp::io::PublishedSource& published) {
  std::string text = published.source.origin() + ": " + published.source.format() + ", " +
                     std::string(published.layout->name) +
                     "; tensors used: " + std::to_string(published.source.tensors().size());
  if (!published.not_used.empty())
    text += "; not used: " + ctp::io::detail::first_names(published.not_used, published.not_used.size());
  return text;
}

/// @brief Joins open files that a training starts from. One file in this project's names stays as it is. Reads no
/// tensor. **Errors.** as io::with_own_names() and io::join_sources(); DataError for weights of this project with their
/// metadata beside other files. Precondition: at least one file.
inline JoinedWeights join_files(std::vector<ctp::io::WeightSource> files) {
  std::vector<ctp::io::WeightSource> sources;
  std::vector<std::string> notes;
  PartsOfModel parts;
  for (ctp::io::WeightSource& file : files) {
    ctp::io::PublishedSource published = ctp::io::with_own_names(std::move(file));
    const std::string& origin = published.source.origin();
    const bool own = published.layout == &ctp::io::own_names;
    if (own && files.size() == 1) return {std::move(published.source), std::nullopt, {}};
    if (published.source.metadata().contains("config"))
      throw ctp::DataError(ctp::Complaint{origin, "metadata 'config'", "none, beside other files of --init",
                                          "those of a whole model", "give this file alone"}
                               .text());
    for (const ctp::io::StoredTensor& tensor : published.source.tensors()) {
      if (tensor.name.starts_with("visual_encoder.")) parts.image_heads_by_width = published.layout->heads_by_width;
      if (!tensor.name.starts_with(ctp::detail::text_prefix) && !tensor.name.starts_with(ctp::detail::text_alias))
        continue;
      parts.text_file = origin;
      parts.text_heads_by_width = published.layout->heads_by_width;
    }
    notes.push_back(report_of(published));
    sources.push_back(std::move(published.source));
  }
  return {ctp::io::join_sources(std::move(sources)), parts, std::move(notes)};
}

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

/// The line of the report on fields of a whole model that its file does not tell; empty if there are none.
inline std::string defaults_text(const std::string& origin, const ctp::ModelConfig& model, const Fields& told,
                                 const Fields& given) {
  std::string text;
  ctp::ModelConfig::fields(model, [&](const std::string& name, auto value) {
    if ((name == "queue" || name == "temp" || name == "distill_temp") && !told.contains(name) && !given.contains(name))
      text += (text.empty() ? "" : ", ") + ("model." + name + " " + ctp::io::detail::shortest(value));
  });
  return text.empty() ? "" : origin + " does not tell, so defaults are taken: " + text;
}

}  // namespace examples
