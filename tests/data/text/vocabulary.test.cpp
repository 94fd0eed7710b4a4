#include <ctp/data/text/vocabulary.hpp>

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <data/synthetic_source.hpp>
#include <data/text_records.hpp>

using ctp::data::build_vocabulary;
using ctp::data::Vocabulary;

namespace {

const std::string specials = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";

}  // namespace

TEST_CASE("vocabulary: special tokens are found by name at any position") {
  const Vocabulary v = Vocabulary::parse("a\n[MASK]\n[SEP]\n##b\n[CLS]\n[UNK]\n[PAD]");

  CHECK(v.size() == 7);
  CHECK(v.mask() == 1);
  CHECK(v.sep() == 2);
  CHECK(v.cls() == 4);
  CHECK(v.unk() == 5);
  CHECK(v.pad() == 6);
  CHECK(v.find("##b") == 3);
  CHECK_FALSE(v.find("b").has_value());
}

TEST_CASE("vocabulary: its text is read back as the same vocabulary, with any line ends") {
  const Vocabulary v = Vocabulary::parse(specials + "中\nword\n");

  CHECK(v.text() == specials + "中\nword\n");
  CHECK(Vocabulary::parse(v.text()) == v);
  CHECK(Vocabulary::parse("\xEF\xBB\xBF[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\n[MASK]\r\n中\r\nword") == v);
}

TEST_CASE("vocabulary: a first token that begins with a byte-order mark is read back, too") {
  const std::string mark = "\xEF\xBB\xBF";
  const Vocabulary v = Vocabulary::parse(mark + mark + "a\n" + specials);
  CHECK(v.token(0) == mark + "a");
  CHECK(Vocabulary::parse(v.text()) == v);
}

TEST_CASE("vocabulary: a missing special token is named together with a remedy") {
  const std::string without = "[PAD]\n[UNK]\n[CLS]\n[SEP]\nmask\n";

  CHECK_THROWS_WITH_AS(
      Vocabulary::parse(without, "v.txt"),
      "v.txt: [MASK]: expected the special token [MASK] on a line of its own, found none among 5 tokens; "
      "add the line, or build a vocabulary from the training titles",
      ctp::DataError);
  for (const char* token : {"[PAD]", "[UNK]", "[CLS]", "[SEP]"}) {
    std::string text = specials;
    text.replace(text.find(token), std::string(token).size(), "x");
    try {
      Vocabulary::parse(text, "v.txt");
      FAIL_CHECK(token << " was not missed");
    } catch (const ctp::DataError& e) {
      CHECK(std::string(e.what()).starts_with("v.txt: " + std::string(token) + ": expected"));
    }
  }
  CHECK_THROWS_AS(Vocabulary::parse(""), ctp::DataError);
}

TEST_CASE("vocabulary: a doubled, empty or malformed line is named by its number") {
  CHECK_THROWS_WITH_AS(Vocabulary::parse(specials + "a\nb\na\n", "v.txt"),
                       "v.txt: line 8: expected a token not listed before, found \"a\" as on line 6; remove one of the "
                       "two; ids count lines",
                       ctp::DataError);
  CHECK_THROWS_WITH_AS(Vocabulary::parse(specials + "\na\n", "v.txt"),
                       "v.txt: line 6: expected a token, found an empty line; remove the line; ids count lines",
                       ctp::DataError);
  CHECK_THROWS_WITH_AS(Vocabulary::parse(specials + "a\n\xFF\n", "v.txt"),
                       "v.txt: line 7: expected UTF-8, found malformed bytes; save the file as UTF-8", ctp::DataError);
  CHECK_THROWS_AS(Vocabulary({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a\nb"}), ctp::DataError);
}

TEST_CASE("vocabulary: a file is read from disk, a missing one or a folder is refused by its path") {
  const std::string path = std::string(CTP_GOLDEN_DIR) + "/text/vocab.txt";
  const std::string folder = std::string(CTP_GOLDEN_DIR) + "/text";

  CHECK(Vocabulary::read(path).text() == ctp_test::read_text_golden("vocab.txt"));
  CHECK_THROWS_WITH_AS(Vocabulary::read("no/such/vocab.txt"),
                       "no/such/vocab.txt: expected a vocabulary file with one token a line, found no such file; give "
                       "another file, or build a vocabulary from the training titles",
                       ctp::DataError);
  CHECK_THROWS_AS(Vocabulary::read(folder), ctp::DataError);
}

TEST_CASE("build_vocabulary: characters, inner pieces and words stand in the documented order") {
  const std::vector<std::string> titles = {"红 tea set", "红 绿 tea", "tee 绿茶"};

  const Vocabulary v = build_vocabulary(titles);

  // e 5, t 4, a 2, 红 2, 绿 2, s 1, 茶 1; "tea" occurs twice, "set" and "tee" once
  const std::vector<std::string> expected = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "e",   "t",   "a",  "红",
                                             "绿",    "s",     "茶",    "##e",   "##t",    "##a", "##s", "tea"};
  CHECK(v.tokens() == expected);
}

TEST_CASE("build_vocabulary: agrees with the rule carried out on Hugging Face's basic tokens") {
  ctp_test::TextRecords record("build.bin");
  std::vector<std::string> titles(record.number());
  for (std::string& t : titles) t = record.string();
  std::vector<std::string> expected(record.number());
  for (std::string& t : expected) t = record.string();

  const Vocabulary v = build_vocabulary(titles);

  CHECK(titles.size() > 500);
  CHECK(v.tokens() == expected);
}

TEST_CASE("build_vocabulary: titles without text are refused") {
  CHECK_THROWS_AS(build_vocabulary(std::vector<std::string>{}), ctp::DataError);
  CHECK_THROWS_AS(build_vocabulary(std::vector<std::string>{" ", "\xFF"}), ctp::DataError);
}

TEST_CASE("vocabulary: a token that stands twice is quoted, with the first line that repeats an earlier one") {
  const std::string special = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
  const std::string text = test::message_of<ctp::DataError>(
      [&] { (void)ctp::data::Vocabulary::parse(special + "b\n\x1b[2J\na\n\x1b[2J\nb\na\n\x1b[2J\n"); });
  CHECK(test::has(text, "line 9: expected a token not listed before, found \"\\u001b[2J\" as on line 7"));
}

TEST_CASE("vocabulary: the number of tokens is bounded") {
  std::vector<std::string> tokens(ctp::data::most_tokens + 1, "x");
  CHECK(test::has(test::message_of<ctp::DataError>([&] { ctp::data::Vocabulary v(std::move(tokens), "v.txt"); }),
                  "v.txt: expected at most 1000000 tokens, found 1000001"));
}
