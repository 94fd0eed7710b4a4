/// @file   opened_weights.hpp
/// @brief  Opens the files of --init, of any layout of names.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/encoder/partial_weights.hpp>
#include <ctp/io/weights/joined.hpp>
#include <ctp/io/weights/open_weights.hpp>
#include <ctp/io/weights/published_names.hpp>
#include <ctp/io/weights/training_record.hpp>

namespace pretrain {

/// What is known of starting weights that may be parts of a model.
struct PartsOfModel {
  std::string text_file;              ///< the file with the text encoder; empty if none has it
  bool image_heads_by_width = false;  ///< the image encoder's layout tells its number of heads
  bool text_heads_by_width = false;
};

/// Starting weights, and lines that say what was taken from them.
struct StartingWeights {
  ctp::TensorFile file;
  std::optional<ctp::io::TrainingRecord> trained;
  std::vector<std::string> notes;
  std::optional<PartsOfModel> parts;       ///< nothing for one file in this project's names, which has a whole model
  ctp::ParameterFilter starts_fresh = {};  ///< parameters that the weights lack; those of policies apart
};

namespace detail {

/// The line of the report for one file.
inline std::string report_of(const ctp::io::PublishedSource& published) {
  std::string text = published.source.origin() + ": " + published.source.format() + ", " +
                     std::string(published.layout->name) +
                     "; tensors used: " + std::to_string(published.source.tensors().size());
  if (!published.not_used.empty())
    text += "; not used: " + ctp::io::detail::first_names(published.not_used, published.not_used.size());
  return text;
}

}  // namespace detail

/// @brief Reads the tensors of the files that a model uses. One file in this project's names is read as it is.
/// **Errors.** as io::open_weights(), io::with_own_names(), io::join_sources() and WeightSource::read_all(); DataError
/// for weights of this project with their metadata beside other files.
inline StartingWeights open_files(const std::vector<std::string>& files) {
  std::vector<ctp::io::WeightSource> sources;
  StartingWeights start;
  PartsOfModel parts;
  for (const std::string& file : files) {
    ctp::io::PublishedSource published = ctp::io::with_own_names(ctp::io::open_weights(file));
    const bool own = published.layout == &ctp::io::own_names;
    if (own && files.size() == 1) return {published.source.read_all(), std::nullopt, {}, std::nullopt};
    if (published.source.metadata().contains("config"))
      throw ctp::DataError(ctp::Complaint{file, "metadata 'config'", "none, beside other files of --init",
                                          "those of a whole model", "give this file alone"}
                               .text());
    for (const ctp::io::StoredTensor& tensor : published.source.tensors()) {
      if (tensor.name.starts_with("visual_encoder.")) parts.image_heads_by_width = published.layout->heads_by_width;
      if (!tensor.name.starts_with(ctp::detail::text_prefix) && !tensor.name.starts_with(ctp::detail::text_alias))
        continue;
      parts.text_file = file;
      parts.text_heads_by_width = published.layout->heads_by_width;
    }
    start.notes.push_back(detail::report_of(published));
    sources.push_back(std::move(published.source));
  }
  start.file = ctp::io::join_sources(std::move(sources)).read_all();
  start.parts = parts;
  return start;
}

}  // namespace pretrain
