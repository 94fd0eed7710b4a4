#include <ctp/data/text/tokenizer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/core/philox.hpp>

#include <data/text_records.hpp>

using ctp::data::Tokenizer;
using ctp::data::Vocabulary;

namespace {

using Ids = std::vector<std::int32_t>;

Vocabulary small_vocabulary() {
  return Vocabulary(
      {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##aff", "##able", "##a", "中", "[", "]", "mask", "a"});
}

std::string shown(const Ids& ids) {
  std::string out;
  for (const std::int32_t id : ids) out += std::to_string(id) + ' ';
  return out;
}

}  // namespace

TEST_CASE(
    "tokenizer: 5,405 synthetic strings have the ids of Hugging Face's BertTokenizer, with and without lower-casing") {
  const Vocabulary vocabulary = Vocabulary::parse(ctp_test::read_text_golden("vocab.txt"));
  const Tokenizer lower(vocabulary, {.lower_case = true}), cased(vocabulary, {.lower_case = false});
  ctp_test::TextRecords records("tokenizer.bin");
  std::size_t count = 0, wrong = 0, unknown = 0, different = 0;
  while (records.more()) {
    const std::string text = records.string();
    const auto length = static_cast<int>(records.number());
    const Ids expected[2] = {records.ids(), records.ids()};
    const Ids got[2] = {lower.encode(text, length), cased.encode(text, length)};
    for (std::size_t i = 0; i < 2; ++i) {
      if (got[i] == expected[i]) continue;
      if (++wrong <= 5)
        FAIL_CHECK("string " << count << " '" << text << "': expected " << shown(expected[i]) << "got "
                             << shown(got[i]));
    }
    for (const std::int32_t id : expected[0]) unknown += id == vocabulary.unk() ? 1U : 0U;
    different += expected[0] != expected[1] ? 1U : 0U;
    ++count;
  }
  CHECK(count >= 5405);
  CHECK(wrong == 0);
  CHECK(unknown > 200);     // the record does exercise unknown words
  CHECK(different > 1000);  // and the two settings
}

TEST_CASE("tokenizer: words are cut into the longest pieces from the left") {
  const Tokenizer t(small_vocabulary());

  CHECK(t.encode("unaffable", 30) == Ids{2, 5, 6, 7, 3});
  CHECK(t.encode("unaffa", 30) == Ids{2, 5, 6, 8, 3});
  CHECK(t.encode("unaffx 中a", 30) == Ids{2, 1, 9, 13, 3});  // one part unknown: the whole word is
}

TEST_CASE("tokenizer: a text that is too long loses its end, never [SEP]") {
  const Tokenizer t(small_vocabulary());

  CHECK(t.encode("中中中中", 4) == Ids{2, 9, 9, 3});
  CHECK(t.encode("unaffable", 4) == Ids{2, 5, 6, 3});
  CHECK(t.encode("中", 2) == Ids{2, 3});
  CHECK(t.encode("", 30) == Ids{2, 3});
  CHECK_THROWS_WITH_AS(
      static_cast<void>(t.encode("中", 1)),
      "Tokenizer::encode: length: expected 2 or more, for [CLS] and [SEP], found 1; the published value "
      "is 30",
      ctp::UsageError);
}

TEST_CASE("tokenizer: the name of a special token within a text is ordinary text") {
  const Tokenizer t(small_vocabulary());

  CHECK(t.encode("[MASK]", 30) == Ids{2, 10, 12, 11, 3});
}

TEST_CASE("tokenizer: a word of 100 characters is cut, one of 101 is unknown") {
  const Tokenizer t(small_vocabulary());

  CHECK(t.encode(std::string(100, 'a'), 200).size() == 102);
  CHECK(t.encode(std::string(101, 'a'), 200) == Ids{2, 1, 3});
}

TEST_CASE("tokenizer: a copy works after the original is destroyed") {
  std::vector<Tokenizer> kept;
  {
    const Tokenizer t(small_vocabulary());
    kept.push_back(t);
  }
  CHECK(kept[0].encode("unaffable", 30) == Ids{2, 5, 6, 7, 3});
}

TEST_CASE("tokenizer: random bytes never give more ids than the length, nor ids outside the vocabulary") {
  const Tokenizer t(Vocabulary::parse(ctp_test::read_text_golden("vocab.txt")));
  const auto size = static_cast<std::int32_t>(t.vocabulary().size());
  std::size_t wrong = 0;
  for (std::uint32_t i = 0; i < 20000; ++i) {
    ctp::RandomSubstream random({7, "bytes"}, {.sample = i});
    std::string text(random.below(60), '\0');
    for (char& c : text) c = static_cast<char>(random.below(256));
    const int length = 2 + static_cast<int>(random.below(20));
    const Ids ids = t.encode(text, length);
    bool ok = ids.size() >= 2 && ids.size() <= static_cast<std::size_t>(length) &&
              ids.front() == t.vocabulary().cls() && ids.back() == t.vocabulary().sep();
    for (const std::int32_t id : ids) ok = ok && id >= 0 && id < size;
    wrong += ok ? 0U : 1U;
  }
  CHECK(wrong == 0);
}

TEST_CASE("tokenizer: a line of a megabyte takes bounded time for any content") {
  const Tokenizer t(small_vocabulary());
  for (const char* unit : {"a", "\u0301\u0323", "\xF0\x9F", "[", " ", "\u0001", "unaffable "}) {
    std::string text;
    while (text.size() < (1U << 20U)) text += unit;
    const auto begin = std::chrono::steady_clock::now();

    const Ids ids = t.encode(text, 30);

    CHECK(ids.size() <= 30);
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
  }
}
