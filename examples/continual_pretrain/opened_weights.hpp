/// @file   opened_weights.hpp
/// @brief  Opens the files of --init, of any layout of names.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ctp/encoder/weights.hpp>
#include <ctp/io/weights/open_weights.hpp>
#include <ctp/io/weights/source.hpp>
#include <ctp/io/weights/training_record.hpp>
#include <ctp/tensor/named.hpp>

#include "../common/starting_parts.hpp"

namespace pretrain {

/// Starting weights, and lines that say what was taken from them.
struct StartingWeights {
  ctp::TensorFile file;
  std::optional<ctp::io::TrainingRecord> trained;
  std::vector<std::string> notes;
  std::optional<examples::PartsOfModel>
      parts;                               ///< nothing for one file in this project's names, which has a whole model
  ctp::ParameterFilter starts_fresh = {};  ///< parameters that the weights lack; those of policies apart
};

/// @brief Reads the tensors of the files that a model uses. One file in this project's names is read as it is.
/// **Errors.** as io::open_weights(), examples::join_files() and WeightSource::read_all().
inline StartingWeights open_files(const std::vector<std::string>& files) {
  std::vector<ctp::io::WeightSource> sources;
  for (const std::string& file : files) sources.push_back(ctp::io::open_weights(file));
  examples::JoinedWeights joined = examples::join_files(std::move(sources));
  return {joined.source.read_all(), std::nullopt, std::move(joined.notes), std::move(joined.parts)};
}

}  // namespace pretrain
