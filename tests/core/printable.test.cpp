#include <ctp/core/printable.hpp>

#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include <ctp/core/error.hpp>
#include <ctp/core/quoted.hpp>

using namespace std::string_view_literals;

TEST_CASE("printable: text without control characters stays as it is, byte for byte") {
  for (const auto text : {""sv, "a \"b\" \\n"sv, "家居用品"sv, "👩‍👩‍👧 é ü"sv})
    CHECK(ctp::printable(text) == text);
}

TEST_CASE("printable: characters that end a line, move the cursor, reorder or hide text become escapes") {
  CHECK(ctp::printable("a\nb\tc\rd") == "a\\nb\\tc\\u000dd");
  CHECK(ctp::printable("\x1b[2J\x07") == "\\u001b[2J\\u0007");
  CHECK(ctp::printable("a\0b\x7f"sv) == "a\\u0000b\\u007f");
  CHECK(ctp::printable("\xC2\x9B"
                       "31m") == "\\u009b31m");  // C1: one character that acts as ESC [
  CHECK(ctp::printable("\xE2\x80\xAE"
                       "gpj.exe") == "\\u202egpj.exe");  // right-to-left override
  CHECK(ctp::printable("a\xE2\x80\xA8"
                       "b") == "a\\u2028b");  // line separator
  CHECK(ctp::printable("\xEF\xBB\xBF"
                       "food") == "\\ufefffood");                 // byte order mark
  CHECK(ctp::printable("\xF3\xA0\x81\x81") == "\\udb40\\udc41");  // tag character U+E0041
}

TEST_CASE("printable: bytes that are not UTF-8 are shown, also the bytes that 8-bit terminals obey") {
  CHECK(ctp::printable("\x9b"
                       "2J\xff") == "\\x9b2J\\xff");
}

TEST_CASE("printable: escaping twice changes nothing, and long text is cut at a character") {
  const std::string once = ctp::printable("a\n\x1b\xff");
  CHECK(ctp::printable(once) == once);
  CHECK(ctp::printable("中中中", 5) == "中中... (9 bytes)");
}

TEST_CASE("printable: messages of every exception and quoted texts have no control character") {
  const std::string evil = "a\nctp: all is well\x1b[2J\xC2\x85\xE2\x80\xAE";
  const std::string shown = "a\\nctp: all is well\\u001b[2J\\u0085\\u202e";
  CHECK(ctp::DataError(evil).what() == shown);
  CHECK(ctp::Complaint{evil, evil, evil, evil, evil}.text() ==
        shown + ": " + shown + ": expected " + shown + ", found " + shown + "; " + shown);
  CHECK(ctp::quoted(evil) == '"' + shown + '"');
}
