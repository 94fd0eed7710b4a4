#include <ctp/data/text/token_ids.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <data/synthetic_source.hpp>

#include <ctp/data/text/tokenizer.hpp>

namespace {

using Words = std::vector<std::string>;

/// Special tokens in another order than a built vocabulary has them.
ctp::data::Tokenizer turned() {
  return ctp::data::Tokenizer(ctp::data::Vocabulary(Words{"a", "[MASK]", "[SEP]", "[UNK]", "[PAD]", "b", "[CLS]"}));
}

}  // namespace

TEST_CASE("token_ids: a model made for a tokenizer has its size and special ids, and all other sizes as before") {
  const ctp::ModelConfig config = ctp::sizes::tiny.for_tokenizer(turned());

  CHECK(config.vocab == 7);
  CHECK(config.mask == 1);
  CHECK(config.sep == 2);
  CHECK(config.unk == 3);
  CHECK(config.pad == 4);
  CHECK(config.cls == 6);
  CHECK(config.text_width == ctp::sizes::tiny.text_width);
  CHECK_NOTHROW(ctp::data::require_ids_of_model(ctp::data::token_ids_of(turned().vocabulary()), config, "texts"));
}

TEST_CASE("token_ids: a model with any other size or special id is refused with both numbers") {
  const ctp::data::TokenIds ids = ctp::data::token_ids_of(turned().vocabulary());
  const ctp::ModelConfig fitting = ctp::sizes::tiny.for_tokenizer(turned());
  for (const auto& [name, field] : {std::pair{"vocab", &ctp::ModelConfig::vocab},
                                    {"pad", &ctp::ModelConfig::pad},
                                    {"unk", &ctp::ModelConfig::unk},
                                    {"cls", &ctp::ModelConfig::cls},
                                    {"sep", &ctp::ModelConfig::sep},
                                    {"mask", &ctp::ModelConfig::mask}}) {
    ctp::ModelConfig other = fitting;
    other.*field += 1;
    CHECK(test::message_of<ctp::UsageError>([&] { ctp::data::require_ids_of_model(ids, other, "task 'a'"); }) ==
          "task 'a': model." + std::string(name) + ": expected " + std::to_string(fitting.*field) +
              ", as in the vocabulary of these texts, found " + std::to_string(other.*field) +
              "; make the model with the tokenizer's ids: ctp::sizes::tiny.for_tokenizer(tokenizer)");
  }
}

TEST_CASE("token_ids: two vocabularies of one size differ in their fingerprint") {
  const ctp::data::TokenIds ids = ctp::data::token_ids_of(turned().vocabulary()),
                            other = ctp::data::token_ids_of(
                                ctp::data::Vocabulary(Words{"a", "[MASK]", "[SEP]", "[UNK]", "[PAD]", "c", "[CLS]"}));

  CHECK(ids.tokens == other.tokens);
  CHECK_NOTHROW(ctp::data::require_same_vocabulary(ids, ids, "task 'b'"));
  const std::string text =
      test::message_of<ctp::UsageError>([&] { ctp::data::require_same_vocabulary(other, ids, "task 'b'"); });
  CHECK(text.starts_with("task 'b': vocabulary: expected 7 tokens with fingerprint " + ids.fingerprint));
  CHECK(text.find(other.fingerprint) != std::string::npos);
}
