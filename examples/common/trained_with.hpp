/// @file   trained_with.hpp
/// @brief  How these programs turn titles and pictures into input, compared with what weights were trained with.
#pragma once

#include <cstddef>
#include <string>
#include <tuple>

#include <ctp/core/error.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/data/text/vocabulary.hpp>
#include <ctp/io/file_system.hpp>
#include <ctp/io/files.hpp>
#include <ctp/io/weights/model_config.hpp>
#include <ctp/io/weights/training_record.hpp>

namespace examples {

/// The record of a program's own input. `vocabulary_file`: name or path of the vocabulary. Words, image size and
/// training are left to the caller.
inline ctp::io::TrainingRecord own_input(const ctp::data::Vocabulary& vocabulary, const std::string& vocabulary_file) {
  return ctp::io::input_record(
      {vocabulary_file, vocabulary.size(), ctp::io::vocabulary_fingerprint(vocabulary.text())});
}

/// Path of the vocabulary beside a weight file at `path`: of the name in its metadata, else vocab.txt.
inline std::string vocabulary_beside(const std::string& path, const ctp::io::TrainingRecord* trained) {
  return ctp::io::join(ctp::io::directory_of(path), trained != nullptr ? trained->vocabulary.file : "vocab.txt");
}

/// **Errors.** DataError naming both files, for a property of the vocabulary of weights that the given one does not
/// have.
[[noreturn]] inline void refuse_vocabulary(const std::string& vocabulary_file, const std::string& weights,
                                           const std::string& expected, const std::string& found) {
  throw ctp::DataError(ctp::Complaint{vocabulary_file, "vocabulary of " + weights, expected, found,
                                      "give the vocabulary of these weights with --vocab"}
                           .text());
}

/// Requires a vocabulary with as many tokens as weights have word embeddings. **Errors.** as refuse_vocabulary().
inline void require_tokens(const std::string& weights, int words, const ctp::data::Vocabulary& vocabulary,
                           const std::string& vocabulary_file) {
  if (vocabulary.size() != static_cast<std::size_t>(words))
    refuse_vocabulary(vocabulary_file, weights, std::to_string(words) + " tokens", std::to_string(vocabulary.size()));
}

/// @brief Checks that a vocabulary fits weights, and gives `model` the ids of its special tokens. `trained`: the
/// weights' record; null if there is none: then size and special tokens are compared.
/// **Errors.** DataError naming both files.
inline void adopt_vocabulary(const ctp::TensorFile& file, const ctp::io::TrainingRecord* trained,
                             const ctp::data::Vocabulary& vocabulary, const std::string& vocabulary_file,
                             ctp::ModelConfig& model) {
  if (trained != nullptr) {
    ctp::io::TrainingRecord own = own_input(vocabulary, vocabulary_file);
    own.image = model.image;
    ctp::io::require_same_input(file, *trained, own);
  }
  require_tokens(file.origin, model.vocab, vocabulary, vocabulary_file);
  const auto told = ctp::io::sizes_of(file).told;
  for (const auto& [name, field, id] : {std::tuple{"pad", &ctp::ModelConfig::pad, vocabulary.pad()},
                                        {"unk", &ctp::ModelConfig::unk, vocabulary.unk()},
                                        {"cls", &ctp::ModelConfig::cls, vocabulary.cls()},
                                        {"sep", &ctp::ModelConfig::sep, vocabulary.sep()},
                                        {"mask", &ctp::ModelConfig::mask, vocabulary.mask()}}) {
    if (told.contains(name) && model.*field != id)
      refuse_vocabulary(vocabulary_file, file.origin,
                        "the special token " + std::string(name) + " with id " + std::to_string(model.*field),
                        std::to_string(id));
    model.*field = id;
  }
}

}  // namespace examples
