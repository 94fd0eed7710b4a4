// Titles: clean-up, token ids in both ways of treating letters, vocabularies built from any text.
#include "target.hpp"

#include <ctp/core/utf8.hpp>
#include <ctp/data/text/caption.hpp>
#include <ctp/data/text/tokenizer.hpp>
#include <ctp/data/text/vocabulary.hpp>

namespace {

const ctp::data::Tokenizer& tokenizer(bool lower_case) {
  static const auto vocabulary = [] {
    const std::vector<std::string> titles{"Red wool coat, size 38! \xE7\xBA\xA2\xE8\x89\xB2",
                                          "coat coat red \xC3\x89tude \xC3\xA9tude wool-coat 38"};
    return ctp::data::build_vocabulary(titles, false);
  }();
  static const ctp::data::Tokenizer lower(vocabulary, {.lower_case = true}), keep(vocabulary, {.lower_case = false});
  return lower_case ? lower : keep;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text = fuzz::text_of(data + 1, size - 1);
  const int most = 1 + data[0] % 40, length = 2 + data[0] % 62;
  const std::string clean = ctp::data::clean_caption(text, most);
  fuzz::require(ctp::valid_utf8_prefix(clean) == clean.size(), "a cleaned title is UTF-8");
  const auto words = std::count(clean.begin(), clean.end(), ' ') + (clean.empty() ? 0 : 1);
  fuzz::require(words <= most, "words of a cleaned title");
  fuzz::require(clean.find_first_of(".!\"()*#:;~") == std::string::npos, "punctuation of a cleaned title");
  for (const bool lower : {true, false}) {
    const auto& t = tokenizer(lower);
    const auto ids = t.encode(text, length);
    fuzz::require(ids.size() >= 2 && ids.size() <= static_cast<std::size_t>(length), "length");
    fuzz::require(ids.front() == t.vocabulary().cls() && ids.back() == t.vocabulary().sep(), "[CLS] and [SEP]");
    for (std::size_t i = 0; i < ids.size(); ++i) {
      fuzz::require(ids[i] >= 0 && static_cast<std::size_t>(ids[i]) < t.vocabulary().size(), "an id");
      if (i == 0 || i + 1 == ids.size()) continue;
      for (const auto special :
           {t.vocabulary().cls(), t.vocabulary().sep(), t.vocabulary().mask(), t.vocabulary().pad()})
        fuzz::require(ids[i] != special, "text cannot place a special token");
    }
    fuzz::allowed([&] {
      const std::vector<std::string> titles{text, text};
      const auto built = ctp::data::build_vocabulary(titles, lower);
      fuzz::require(ctp::data::Vocabulary::parse(built.text()) == built, "a built vocabulary reads back");
    });
  }
  return 0;
}
