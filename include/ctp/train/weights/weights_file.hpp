/// @file   ctp/train/weights/weights_file.hpp
/// @brief  Weights of a learner to and from a safetensors file. For host programs: the header needs a JSON library.
/// @layer  train
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>

#include <ctp/core/error.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/data/text/token_ids.hpp>
#include <ctp/encoder/weights.hpp>
#include <ctp/io/file_system.hpp>
#include <ctp/io/files.hpp>
#include <ctp/io/weights/model_config.hpp>
#include <ctp/io/weights/open_weights.hpp>
#include <ctp/io/weights/safetensors.hpp>
#include <ctp/io/weights/training_record.hpp>
#include <ctp/train/weights/published_weights.hpp>
#include <ctp/version.hpp>

namespace ctp {

template <class Strategy, class ModelType>
class Learner;

namespace detail {

inline constexpr const char* vocabulary_file = "vocab.txt";

/// Writes the vocabulary beside weights, unless it is there. **Errors.** UsageError if another vocabulary is there.
inline void write_vocabulary(const std::string& weights, const std::string& text) {
  const std::string path = io::join(io::directory_of(weights), vocabulary_file);
  if (!io::exists(path)) return io::write_file_atomically(path, text);
  if (io::read_text(path) == text) return;
  throw UsageError(Complaint{path, "", "no file, or the vocabulary of these weights", "another vocabulary",
                             "save the weights to another folder"}
                       .text());
}

/// @brief Checks that the configuration in a file gives the computation of `model`. **Errors.** DataError naming file,
/// field, expected and found.
inline void require_config(const TensorFile& file, const ModelConfig& model) {
  const std::string* text = io::detail::metadata_text(file, "config");
  if (text == nullptr) return;  // the shapes of the tensors are compared all the same
  const ModelConfig stored = io::parse_config(*text, file.origin + " (metadata 'config')", model);
  const auto value_of = [](const ModelConfig& config, const std::string& wanted) {
    double found = 0;
    ModelConfig::fields(config, [&](const char* name, const auto& value) {
      if (wanted == name) found = static_cast<double>(value);
    });
    return found;
  };
  ModelConfig::fields(model, [&](const char* name, const auto& value) {
    const std::string field = name;
    if (field == "queue" || field == "temp" || field == "distill_temp" || field == "dropout")
      return;  // of the training
    const double found = value_of(stored, field);
    if (found == static_cast<double>(value)) return;
    throw DataError(Complaint{file.origin, "metadata 'config': " + field,
                              io::detail::shortest(static_cast<double>(value)) + ", as the learner's model has it",
                              io::detail::shortest(found), "make the model with the sizes of the file: io::config_of()"}
                        .text());
  });
}

template <class Strategy, class Model>
void write_weights(Learner<Strategy, Model>& learner, const std::string& path,
                   const std::optional<data::TokenIds>& vocabulary) {
  const ModelConfig& config = learner.model().config();
  TensorFile file = published_weights(learner);
  file.metadata["config"] = io::config_text(config);
  if (vocabulary) {
    io::TrainingRecord record =
        io::input_record({vocabulary_file, static_cast<std::size_t>(vocabulary->tokens), vocabulary->fingerprint});
    record.max_words = learner.options().max_tokens;
    record.image = config.image;
    record.strategy = Strategy::name;
    record.precision = std::is_same_v<typename Model::Real, double> ? "fp64" : "fp32";
    record.version = version;
    file.metadata[io::training_entry] = io::training_text(record);
  }
  io::write_safetensors(path, file);
}

}  // namespace detail

/// @brief Writes the online weights of a learner as a safetensors file, with the metadata of docs/weights.md: the
/// model's sizes, and the record of the training if the sources of the tasks know their vocabulary.
///
/// Values are stored as float32. The file appears when it is complete. Parameters of policies are stored by their
/// names; temperatures and queues under their published names. **Errors.** ResourceError if the system refuses.
template <class Strategy, class Model>
void save_weights(Learner<Strategy, Model>& learner, const std::string& path) {
  detail::write_weights(learner, path, learner.token_ids());
}

/// @brief As above, and writes the vocabulary of `tokenizer` as vocab.txt beside the weights: `evaluate` then needs no
/// further option. `tokenizer`: data::Tokenizer.
/// **Errors.** UsageError for a tokenizer whose special ids are not the model's, or that is not the tasks', and for
/// another vocab.txt beside the weights; ResourceError if the system refuses.
template <class Strategy, class Model, class Tokenizer>
void save_weights(Learner<Strategy, Model>& learner, const std::string& path, const Tokenizer& tokenizer) {
  const data::TokenIds ids = data::token_ids_of(tokenizer.vocabulary());
  data::require_ids_of_model(ids, learner.model().config(), "save_weights");
  if (learner.token_ids()) data::require_same_vocabulary(ids, *learner.token_ids(), "save_weights");
  detail::write_vocabulary(path, tokenizer.vocabulary().text());
  detail::write_weights(learner, path, ids);
}

/// @brief Reads weights into the online model of a learner. Queues, moments and teachers are not read.
///
/// Names and shapes must be those of the learner's parameters, those of its policies included; so must the sizes in the
/// file's metadata, if it has any. Parameters of policies that the learner lacks are passed over. If the file names its
/// vocabulary, later tasks must have it. Weights read before the first task replace all that was read before, so their
/// vocabulary replaces the one read before.
/// **Errors.** DataError naming file, tensor or field, expected and found; UsageError for weights of another vocabulary
/// than that of the tasks learned. The weights are then unchanged.
template <class Strategy, class Model>
void load_weights(Learner<Strategy, Model>& learner, const std::string& path) {
  const TensorFile file = io::read_weight_file(path);
  const ModelConfig& config = learner.model().config();
  detail::require_config(file, config);
  const auto theta = read_weights<typename Model::Real>(learner.model().layout(), file);
  std::optional<data::TokenIds> ids;
  if (const auto trained = io::training_of(file))
    ids = {static_cast<int>(trained->vocabulary.tokens),
           config.pad,
           config.unk,
           config.cls,
           config.sep,
           config.mask,
           trained->vocabulary.fingerprint};
  learner.adopt_vocabulary_of_weights(ids, path);
  learner.set_weights(theta);
}

}  // namespace ctp
