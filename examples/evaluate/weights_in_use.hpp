/// @file   weights_in_use.hpp
/// @brief  Weights with the sizes, vocabulary and number of words that they were trained with.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/data/text/tokenizer.hpp>
#include <ctp/data/text/vocabulary.hpp>
#include <ctp/encoder/weights.hpp>
#include <ctp/io/weights/model_config.hpp>
#include <ctp/io/weights/open_weights.hpp>
#include <ctp/io/weights/training_record.hpp>

#include "../common/reading.hpp"
#include "../common/trained_with.hpp"

namespace evaluation {

/// Options that say how weights are used.
struct WeightOptions {
  std::string weights, vocab;
  std::vector<std::string> sizes;  ///< "model.vision_heads=12", for what the file does not tell
  std::optional<int> max_words;
  std::optional<std::string> background;
};

/// Weights and all that evaluation needs to use them as the training did.
struct WeightsInUse {
  ctp::TensorFile file;
  ctp::ModelConfig config;
  std::optional<ctp::io::TrainingRecord> trained;
  ctp::data::Tokenizer tokenizer;
  ctp::io::VocabularyRecord vocabulary;
  int max_words;
  std::string background;                      ///< grey level behind transparent pixels, or none
  std::vector<std::string> policy_parameters;  ///< names of parameters of the training's policies, which are not used
  std::vector<std::string> notes;              ///< what may make the numbers others than the training's, one line each
};

/// Sizes of a model given as "model.FIELD=NUMBER". **Errors.** UsageError.
inline ctp::io::GivenSizes given_sizes(const std::vector<std::string>& texts) {
  ctp::io::GivenSizes given;
  for (const std::string& text : texts) {
    const auto at = text.find('=');
    double value = 0;
    const char* end = text.data() + text.size();
    const bool parted = text.starts_with("model.") && at != std::string::npos && at > 6;
    const auto read = std::from_chars(text.data() + (parted ? at + 1 : text.size()), end, value);
    if (!parted || read.ec != std::errc() || read.ptr != end)
      throw ctp::UsageError(
          ctp::Complaint{"--set", "", "model.FIELD=NUMBER, such as model.vision_heads=12", ctp::quoted(text), ""}
              .text());
    given[text.substr(6, at - 6)] = value;
  }
  return given;
}

/// Number of words of the option, else of the training. **Errors.** UsageError if neither says one, or out of range.
inline int words_of(const WeightOptions& options, const std::optional<ctp::io::TrainingRecord>& trained,
                    const ctp::ModelConfig& config) {
  const auto refuse = [](std::string expected, std::string found, std::string remedy) {
    throw ctp::UsageError(
        ctp::Complaint{"--max-words", "", std::move(expected), std::move(found), std::move(remedy)}.text());
  };
  if (!options.max_words && !trained)
    refuse("the number of words of the training of " + options.weights, "a file without metadata 'training'",
           "give --max-words; published weights have 30");
  const int words = options.max_words ? *options.max_words : trained->max_words;
  if (words >= 3 && words <= config.positions) return words;
  const std::string range = "from 3 to the model's " + std::to_string(config.positions) + " positions";
  if (options.max_words) refuse(range, std::to_string(words), "choose a number in that range");
  throw ctp::DataError(ctp::Complaint{options.weights, "metadata 'training': max_words", range, std::to_string(words),
                                      "give --max-words"}
                           .text());
}

/// @brief Reads weights and their vocabulary. **Errors.** DataError for a file that contradicts itself or another
/// vocabulary; UsageError for options that contradict the file, and for values that neither file nor options say.
inline WeightsInUse open_weights(const WeightOptions& options) {
  ctp::TensorFile file = ctp::io::read_weight_file(options.weights);
  const auto trained = ctp::io::training_of(file);
  ctp::ModelConfig config = ctp::io::config_of(file, given_sizes(options.sizes));
  const int words = words_of(options, trained, config);
  const ctp::io::TrainingRecord* record = trained ? &*trained : nullptr;
  const std::string path = options.vocab.empty() ? examples::vocabulary_beside(file.origin, record) : options.vocab;
  ctp::data::Vocabulary vocabulary = ctp::data::Vocabulary::read(path);
  examples::adopt_vocabulary(file, record, vocabulary, path, config);
  ctp::io::VocabularyRecord used = examples::own_input(vocabulary, path).vocabulary;
  const std::string trained_background = trained ? trained->background : "none";
  const std::string background = options.background.value_or(trained_background);
  (void)examples::background_of(background, options.background ? "--background" : options.weights);
  std::vector<std::string> policy_parameters = ctp::passed_over(ctp::Layout(), file);
  WeightsInUse result{.file = std::move(file),
                      .config = config,
                      .trained = trained,
                      .tokenizer = ctp::data::Tokenizer(std::move(vocabulary)),
                      .vocabulary = std::move(used),
                      .max_words = words,
                      .background = background,
                      .policy_parameters = std::move(policy_parameters),
                      .notes = {}};
  if (background != trained_background)
    result.notes.push_back("--background " + background + ": " + options.weights + " was trained with " +
                           trained_background + ", so the numbers are not the training's");
  if (trained && words != trained->max_words)
    result.notes.push_back("--max-words " + std::to_string(words) + ": " + options.weights + " was trained with " +
                           std::to_string(trained->max_words) + " words, so the numbers are not the training's");
  if (!trained)
    result.notes.push_back(options.weights + " does not say what it was trained with: that its vocabulary is " + path +
                           " and its number of words " + std::to_string(words) + " was not checked");
  return result;
}

}  // namespace evaluation
