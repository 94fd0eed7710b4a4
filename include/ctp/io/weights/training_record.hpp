/// @file   ctp/io/weights/training_record.hpp
/// @brief  What weights were trained with, as the entry `training` of a weight file's metadata: reader, writer, check.
/// @layer  io
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <ctp/backend/normalization.hpp>
#include <ctp/core/error.hpp>
#include <ctp/core/fingerprint.hpp>
#include <ctp/core/json_line.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/io/json/document.hpp>
#include <ctp/tensor/named.hpp>

namespace ctp::io {

/// Largest JSON text of an entry of the metadata that is read, bytes.
inline constexpr std::size_t metadata_entry_limit = std::size_t{1} << 16U;

/// Name, size and fingerprint of a vocabulary.
struct VocabularyRecord {
  std::string file = "vocab.txt";  ///< name of the file, beside the weights; in a comparison, its path
  std::size_t tokens = 0;
  std::string fingerprint;  ///< vocabulary_fingerprint() of its text
};

/// The fingerprint of a vocabulary's text: one token a line, each ended by '\n', as data::Vocabulary::text() gives it.
inline std::string vocabulary_fingerprint(std::string_view text) { return Fingerprint().add(text).text(); }

/// @brief What weights were trained with, beyond the sizes of the model. The entry `config` has the sizes.
struct TrainingRecord {
  VocabularyRecord vocabulary;
  int max_words = 0;                         ///< words kept of a title, and tokens of a text
  std::string cleaning = "published";        ///< rule of the clean-up of titles
  std::string casing = "lower";              ///< rule of letter case
  int image = 0;                             ///< height and width of a picture, pixels
  std::array<float, 3> mean{}, deviation{};  ///< normalisation of pictures, by channel; of values from 0 to 1
  std::string background = "none";           ///< grey level behind transparent pixels, or none: alpha is dropped
  std::string strategy, precision;
  std::string version, commit;  ///< of `ctp`; the commit is empty where it is not known
};

/// A record of texts and pictures as this library reads them. Words, image size and training are left to the caller.
inline TrainingRecord input_record(VocabularyRecord vocabulary) {
  TrainingRecord record;
  record.vocabulary = std::move(vocabulary);
  for (int channel = 0; channel < 3; ++channel) {
    record.mean[static_cast<std::size_t>(channel)] = backend::channel_mean(channel);
    record.deviation[static_cast<std::size_t>(channel)] = backend::channel_deviation(channel);
  }
  return record;
}

inline constexpr const char* training_entry = "training";  ///< key of the metadata
inline constexpr int training_format = 1;                  ///< version of the entry's format

/// The record as the JSON text of the entry `training`.
inline std::string training_text(const TrainingRecord& r) {
  return JsonLine()
      .add("format", training_format)
      .add("vocabulary", JsonLine()
                             .add("file", r.vocabulary.file)
                             .add("tokens", r.vocabulary.tokens)
                             .add("fingerprint", r.vocabulary.fingerprint))
      .add("max_words", r.max_words)
      .add("cleaning", r.cleaning)
      .add("casing", r.casing)
      .add("image", r.image)
      .add("mean", r.mean)
      .add("std", r.deviation)
      .add("background", r.background)
      .add("strategy", r.strategy)
      .add("precision", r.precision)
      .add("version", r.version)
      .add("commit", r.commit)
      .text();
}

namespace detail {

/// The text of an entry of the metadata; null if the file has none. **Errors.** DataError for a text above the limit.
inline const std::string* metadata_text(const TensorFile& file, const char* key) {
  const auto at = file.metadata.find(key);
  if (at == file.metadata.end()) return nullptr;
  if (at->second.size() > metadata_entry_limit)
    throw DataError(Complaint{file.origin, "metadata '" + std::string(key) + "'",
                              "at most " + std::to_string(metadata_entry_limit) + " bytes",
                              std::to_string(at->second.size()) + " bytes", "write the file again without it"}
                        .text());
  return &at->second;
}

}  // namespace detail

/// @brief The record in a file's metadata; nothing if the file has none.
/// The key `background` may be missing, as in records of older versions: it is then `none`.
/// **Errors.** DataError naming file, entry and key for a text that is no JSON object, another key that is missing, a
/// value of the wrong kind, or another version of the format.
inline std::optional<TrainingRecord> training_of(const TensorFile& file) {
  const std::string* text = detail::metadata_text(file, training_entry);
  if (text == nullptr) return std::nullopt;
  const JsonDocument document = parse_json_document(*text, file.origin + " (metadata '" + training_entry + "')");
  const JsonView root = document.root();
  const JsonView format = root.at("format");
  if (const std::int64_t version = format.integer(); version != training_format)
    format.fail("format " + std::to_string(training_format), std::to_string(version),
                "read it with the version of ctp that wrote it");
  constexpr std::int64_t most = 1 << 24;
  TrainingRecord r;
  const JsonView vocabulary = root.at("vocabulary");
  r.vocabulary.file = vocabulary.at("file").string();
  const bool plain = std::none_of(r.vocabulary.file.begin(), r.vocabulary.file.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == '/' || c == '\\';
  });
  if (r.vocabulary.file.empty() || r.vocabulary.file.front() == '.' || !plain)
    vocabulary.at("file").fail("the name of a file beside the weights", ctp::quoted(r.vocabulary.file, 80), "");
  r.vocabulary.tokens = static_cast<std::size_t>(vocabulary.at("tokens").integer(1, most));
  r.vocabulary.fingerprint = vocabulary.at("fingerprint").string();
  r.max_words = static_cast<int>(root.at("max_words").integer(1, most));
  r.cleaning = root.at("cleaning").string();
  r.casing = root.at("casing").string();
  r.image = static_cast<int>(root.at("image").integer(1, most));
  const auto channels = [&](const char* key, std::array<float, 3>& values) {
    const JsonView list = root.at(key);
    if (list.size() != values.size()) list.fail("3 numbers", std::to_string(list.size()), "");
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(list.at(i).number(-1e30, 1e30));
  };
  channels("mean", r.mean);
  channels("std", r.deviation);
  const std::optional<JsonView> background = root.find("background");  // records of older versions lack the key
  if (background) r.background = background->string();
  int level = -1;
  const char* const end = r.background.data() + r.background.size();
  const auto [stop, error] = std::from_chars(r.background.data(), end, level);
  if (background && r.background != "none" && (error != std::errc() || stop != end || level < 0 || level > 255))
    background->fail("\"none\" or a grey level from 0 to 255 as text", ctp::quoted(r.background, 40), "");
  r.strategy = root.at("strategy").string();
  r.precision = root.at("precision").string();
  r.version = root.at("version").string();
  r.commit = root.at("commit").string();
  return r;
}

/// Checks that a vocabulary is the one of the weights. **Errors.** DataError naming both files and fingerprints.
inline void require_vocabulary(const TensorFile& file, const TrainingRecord& trained, const VocabularyRecord& used) {
  if (trained.vocabulary.fingerprint == used.fingerprint) return;
  const auto text = [](const VocabularyRecord& v) {
    return std::to_string(v.tokens) + " tokens with fingerprint " + ctp::quoted(v.fingerprint, 40);
  };
  throw DataError(Complaint{used.file, "vocabulary of " + file.origin,
                            text(trained.vocabulary) + ", from " + ctp::quoted(trained.vocabulary.file), text(used),
                            "give the vocabulary of these weights with --vocab"}
                      .text());
}

/// @brief Checks that weights are used as they were trained: vocabulary, clean-up and case of titles, size and
/// normalisation of pictures. Numbers of words are left to the caller.
/// **Errors.** DataError naming the file and what differs.
inline void require_same_input(const TensorFile& file, const TrainingRecord& trained, const TrainingRecord& used) {
  require_vocabulary(file, trained, used.vocabulary);
  const auto require = [&](bool same, const char* key, const std::string& expected, const std::string& found) {
    if (same) return;
    throw DataError(Complaint{file.origin, "metadata 'training': " + std::string(key),
                              expected + ", as this program has it", found,
                              "use the weights with the program that trained them"}
                        .text());
  };
  const auto numbers = [](const std::array<float, 3>& values) {
    std::string text;
    ctp::detail::append_json(text, values);
    return text;
  };
  require(trained.cleaning == used.cleaning, "cleaning", ctp::quoted(used.cleaning), ctp::quoted(trained.cleaning));
  require(trained.casing == used.casing, "casing", ctp::quoted(used.casing), ctp::quoted(trained.casing));
  require(trained.image == used.image, "image", std::to_string(used.image), std::to_string(trained.image));
  require(trained.mean == used.mean, "mean", numbers(used.mean), numbers(trained.mean));
  require(trained.deviation == used.deviation, "std", numbers(used.deviation), numbers(trained.deviation));
}

}  // namespace ctp::io
