/// @file   training_entry.hpp
/// @brief  The entry `training` of the weights that a run writes.
#pragma once

#include <string>

#include <ctp/core/model_config.hpp>
#include <ctp/data/text/vocabulary.hpp>
#include <ctp/io/weights/training_record.hpp>
#include <ctp/version.hpp>

#include "../common/trained_with.hpp"
#include "commit.hpp"
#include "settings.hpp"

namespace pretrain {

/// The metadata of all weights of a run. The vocabulary lies beside the weights as vocab.txt.
inline std::string training_entry(const Settings& settings, const ctp::ModelConfig& model,
                                  const ctp::data::Vocabulary& vocabulary) {
  ctp::io::TrainingRecord record = examples::own_input(vocabulary, "vocab.txt");
  record.max_words = settings.max_words;
  record.image = model.image;
  record.strategy = settings.strategy;
  record.precision = settings.precision;
  record.version = ctp::version;
  record.commit = build_commit();
  return ctp::io::training_text(record);
}

}  // namespace pretrain
