/// @file   ctp/data/text/token_ids.hpp
/// @brief  Special ids, size and fingerprint of the vocabulary that texts were tokenised with; comparison with a model.
/// @layer  data
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/fingerprint.hpp>
#include <ctp/core/model_config.hpp>

namespace ctp::data {

/// What a model must know of the vocabulary of its texts.
struct TokenIds {
  int tokens = 0;  ///< size of the vocabulary
  int pad = 0, unk = 0, cls = 0, sep = 0, mask = 0;
  std::string fingerprint;  ///< of the vocabulary's text; two vocabularies of one size differ in it

  friend bool operator==(const TokenIds&, const TokenIds&) = default;
};

/// The ids of a vocabulary: any type with size(), pad(), unk(), cls(), sep(), mask() and text().
template <class Vocabulary>
TokenIds token_ids_of(const Vocabulary& vocabulary) {
  return {static_cast<int>(vocabulary.size()),
          vocabulary.pad(),
          vocabulary.unk(),
          vocabulary.cls(),
          vocabulary.sep(),
          vocabulary.mask(),
          Fingerprint().add(vocabulary.text()).text()};
}

/// Calls archive("name", member) for the parts of a vocabulary's ids, which may be unknown.
template <class Archive>
void visit_token_ids(Archive& archive, std::optional<TokenIds>& ids) {
  TokenIds known = ids.value_or(TokenIds{});
  std::vector<char> fingerprint(known.fingerprint.begin(), known.fingerprint.end());
  archive("vocabulary.tokens", known.tokens);  // 0 if unknown
  archive("vocabulary.pad", known.pad);
  archive("vocabulary.unk", known.unk);
  archive("vocabulary.cls", known.cls);
  archive("vocabulary.sep", known.sep);
  archive("vocabulary.mask", known.mask);
  archive("vocabulary.fingerprint", fingerprint);
  known.fingerprint.assign(fingerprint.begin(), fingerprint.end());
  ids = known.tokens == 0 ? std::optional<TokenIds>() : std::move(known);
}

/// @brief Checks that a model's vocabulary size and special ids are those of its texts. `who`: whose texts they are.
/// **Errors.** UsageError naming the first field that differs, both numbers and the remedy.
inline void require_ids_of_model(const TokenIds& ids, const ModelConfig& model, const std::string& who) {
  const auto require = [&](const char* field, int of_model, int of_texts) {
    if (of_model == of_texts) return;
    throw UsageError(Complaint{
        who, "model." + std::string(field), std::to_string(of_texts) + ", as in the vocabulary of these texts",
        std::to_string(of_model), "make the model with the tokenizer's ids: ctp::sizes::tiny.for_tokenizer(tokenizer)"}
                         .text());
  };
  require("vocab", model.vocab, ids.tokens);
  require("pad", model.pad, ids.pad);
  require("unk", model.unk, ids.unk);
  require("cls", model.cls, ids.cls);
  require("sep", model.sep, ids.sep);
  require("mask", model.mask, ids.mask);
}

/// @brief Checks that texts have the vocabulary of earlier texts: an id is then one word. `who`: whose texts they are.
/// **Errors.** UsageError with both sizes and fingerprints.
inline void require_same_vocabulary(const TokenIds& ids, const TokenIds& before, const std::string& who) {
  if (ids == before) return;
  const auto text = [](const TokenIds& of) {
    return std::to_string(of.tokens) + " tokens with fingerprint " + of.fingerprint;
  };
  throw UsageError(Complaint{who, "vocabulary", text(before) + ", as before", text(ids),
                             "tokenise the texts of all tasks with one vocabulary"}
                       .text());
}

}  // namespace ctp::data
