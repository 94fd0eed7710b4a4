#include <ctp/core/utf8.hpp>

#include <doctest/doctest.h>

TEST_CASE("utf8_length: only well-formed sequences have a length") {
  CHECK(ctp::utf8_length("a", 0) == 1);
  CHECK(ctp::utf8_length("\xC3\xA4", 0) == 2);
  CHECK(ctp::utf8_length("\xE4\xB8\xAD", 0) == 3);
  CHECK(ctp::utf8_length("\xF0\x9F\x98\x80", 0) == 4);
  CHECK(ctp::utf8_length("\xF4\x8F\xBF\xBF", 0) == 4);
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xC3", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xE4\xB8",
                          "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xE4\xB8\x41", ""}) {
    CAPTURE(bad);
    CHECK(ctp::utf8_length(bad, 0) == 0);
  }
  CHECK(ctp::valid_utf8_prefix("ab\xE4\xB8\xAD") == 5);
  CHECK(ctp::valid_utf8_prefix("ab\xE4\xB8") == 2);
}
