#include <ctp/data/text/basic_tokens.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

std::vector<std::string> tokens(std::string_view text, bool lower_case) {
  std::vector<std::string> out;
  ctp::data::for_each_basic_token(text, lower_case, [&](std::u32string_view word) {
    out.push_back(ctp::data::encode_utf8(word));
    return true;
  });
  return out;
}

using List = std::vector<std::string>;

}  // namespace

// tokenizer.test.cpp compares thousands of strings with Hugging Face.

TEST_CASE("basic tokens: CJK characters and punctuation marks stand alone") {
  CHECK(tokens("纯棉T恤(XL)-2件", true) == List{"纯", "棉", "t", "恤", "(", "xl", ")", "-", "2", "件"});
}

TEST_CASE("basic tokens: accents are stripped only with lower-casing, which works character by character") {
  CHECK(tokens("CAFÉ E\u0301 ΟΔΟΣ", true) == List{"cafe", "e", "οδοσ"});
  CHECK(tokens("CAFÉ E\u0301 ΟΔΟΣ", false) == List{"CAFÉ", "\u00C9", "ΟΔΟΣ"});
}

TEST_CASE("basic tokens: control characters and malformed bytes are dropped") {
  CHECK(tokens(std::string_view("a\0b\x01\xFF"
                                "c\td\u2028e",
                                12),
               true) == List{"abc", "d", "e"});
}

TEST_CASE("basic tokens: the caller can stop early") {
  int seen = 0;

  ctp::data::for_each_basic_token("a b c d", true, [&](std::u32string_view) { return ++seen < 2; });

  CHECK(seen == 2);
}
