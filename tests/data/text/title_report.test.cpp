#include <ctp/data/text/title_report.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

using ctp::data::report_titles;
using ctp::data::says_something;
using ctp::data::TitleReport;
using ctp::data::Tokenizer;
using ctp::data::Vocabulary;

namespace {

const Tokenizer tokenizer(Vocabulary({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red", "cup", "tea", "##pot",
                                      ","}));

TitleReport report(const std::vector<std::string>& titles, int max_words = 3, int length = 6) {
  return report_titles(
      titles.size(), [&](std::size_t i) -> const std::string& { return titles[i]; }, tokenizer, max_words, length);
}

}  // namespace

TEST_CASE("title report: cuts, tokens and unknown tokens are counted as the training sees them") {
  // "red cup" 2 tokens; four words cut to three; "teapot" x 3 are 6 tokens, of which 4 fit; "blue" is unknown.
  const TitleReport r = report({"red cup", "red red red red", "teapot teapot teapot", "blue cup"});
  CHECK(r.titles == 4);
  CHECK(r.cut_words == 1);
  CHECK(r.cut_tokens == 1);
  CHECK(r.tokens == 2 + 3 + 4 + 2);
  CHECK(r.unknown == 1);
  CHECK(r.unknown_share() == 1.0 / 11);
  CHECK(r.empty == 0);
  CHECK(r.text() == "4 titles: 1 cut by words, 1 cut by tokens, 9.1 % of 11 tokens unknown, 0 empty");
  CHECK(
      r.json().text() ==
      R"({"titles":4,"cut_words":1,"cut_tokens":1,"tokens":11,"unknown_tokens":1,"unknown_share":0.09090909090909091,"empty":0})");
  CHECK(report({}).unknown_share() == 0);
  CHECK(report({"tea tea tea tea tea"}, 10, 7).cut_tokens == 0);  // exactly as many as are kept
}

TEST_CASE("title report: a title of blanks, punctuation or marks alone is empty, and the first is named") {
  const TitleReport r =
      report({"red", "", " \t ", "!!! ...", "?, -", "\xE3\x80\x80", "\xCC\x81", "\xEF\xBF\xBD", "cup"});
  CHECK(r.empty == 7);
  CHECK(r.first_empty == 1);
  for (const char* text : {"a", "7", "\xE8\x8C\xB6", "\xF0\x9F\x98\x80", "- x"}) {
    CAPTURE(text);
    CHECK(says_something(text));
  }
}

TEST_CASE("title report: many titles give the sum over single ones, in any block") {
  std::vector<std::string> titles;
  TitleReport sum;
  for (int i = 0; i < 3000; ++i) {
    titles.push_back(i % 7 == 6 ? "!" : i % 5 == 0 ? "red cup tea red" : "blue");
    sum += report({titles.back()});
  }
  const TitleReport r = report(titles);
  CHECK(r.titles == 3000);
  CHECK(r.cut_words == sum.cut_words);
  CHECK(r.tokens == sum.tokens);
  CHECK(r.unknown == sum.unknown);
  CHECK(r.empty == 3000 / 7);
  CHECK(r.first_empty == 6);
}
