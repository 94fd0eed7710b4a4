// vocab.txt: what is accepted has every special token, finds each token, and its text reads back to the same.
#include "target.hpp"

#include <optional>

#include <ctp/data/text/vocabulary.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text = fuzz::text_of(data, size);
  if (size > 0 && data[0] % 4 != 0) text += "\n[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";  // else nearly all is refused
  std::optional<ctp::data::Vocabulary> words;
  if (!fuzz::allowed([&] { words.emplace(ctp::data::Vocabulary::parse(text)); })) return 0;
  for (std::size_t i = 0; i < words->size(); ++i)
    fuzz::require(words->find(words->token(static_cast<std::int32_t>(i))) == static_cast<std::int32_t>(i), "find");
  fuzz::require(ctp::data::Vocabulary::parse(words->text()) == *words, "the text reads back");
  return 0;
}
