#include <ctp/data/text/utf8.hpp>

#include <cstddef>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include <data/text_records.hpp>

using namespace std::string_literals;
namespace data = ctp::data;

TEST_CASE("utf8: malformed bytes are replaced exactly where Python replaces them") {
  ctp_test::TextRecords records("utf8.bin");
  std::size_t count = 0, wrong = 0, misjudged = 0;
  while (records.more()) {
    const std::string bytes = records.string(), expected = records.string();
    wrong += data::encode_utf8(data::decode_utf8(bytes)) != expected ? 1U : 0U;
    misjudged += data::is_utf8(bytes) != (bytes == expected) ? 1U : 0U;
    ++count;
  }
  CHECK(count == 2000);
  CHECK(wrong == 0);
  CHECK(misjudged == 0);
}

TEST_CASE("utf8: replacements are counted, and a true U+FFFD is not one") {
  std::size_t replaced = 0;

  const auto text = data::decode_utf8("a\xFF\xEF\xBF\xBD\xE4\xB8", &replaced);

  CHECK(text == U"a\uFFFD\uFFFD\uFFFD");
  CHECK(replaced == 2);
}

TEST_CASE("utf8: every code point survives encoding and decoding, surrogates become U+FFFD") {
  std::size_t wrong = 0;
  for (char32_t c = 0; c <= 0x110000; ++c) {
    std::string bytes;
    data::append_utf8(bytes, c);
    const bool representable = c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
    const std::u32string expected(1, representable ? c : char32_t{0xFFFD});
    wrong += data::decode_utf8(bytes) == expected && data::is_utf8(bytes) ? 0U : 1U;
  }
  CHECK(wrong == 0);
}

TEST_CASE("utf8: cutting at a number of bytes keeps whole characters only") {
  const std::string text = "a\u00E9\u4E2D\U0001F600";  // 1 + 2 + 3 + 4 bytes
  const std::size_t expected[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
  for (std::size_t limit = 0; limit < 12; ++limit) {
    CAPTURE(limit);
    CHECK(data::first_bytes(text, limit) == text.substr(0, expected[limit]));
  }
  CHECK(data::first_bytes("\x80\x80\x80\x80\x80\x80"s, 5).size() == 5);  // nothing to keep whole
}
