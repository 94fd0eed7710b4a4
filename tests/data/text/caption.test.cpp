#include <ctp/data/text/caption.hpp>

#include <cstddef>
#include <string>

#include <doctest/doctest.h>

#include <data/text_records.hpp>

using ctp::data::clean_caption;

TEST_CASE("caption: 1,600 synthetic titles are cleaned as by the published function") {
  ctp_test::TextRecords records("caption.bin");
  std::size_t count = 0, wrong = 0;
  while (records.more()) {
    const std::string title = records.string();
    const auto words = static_cast<int>(records.number());
    const std::string expected = records.string();
    if (clean_caption(title, words) != expected) {
      if (++wrong <= 3)
        FAIL_CHECK("title " << count << ": expected '" << expected << "', got '" << clean_caption(title, words) << "'");
    }
    ++count;
  }
  CHECK(count == 1600);
  CHECK(wrong == 0);
}

TEST_CASE("caption: punctuation goes, spaces merge, words are counted") {
  CHECK(clean_caption("  Hello,  WORLD!! (new)\n\n", 30) == "hello, world new");
  CHECK(clean_caption("one two three four", 2) == "one two");
  CHECK(clean_caption("一\u3000二 三", 1) == "一\u3000二");  // a single U+3000 is kept and parts no words
  CHECK(clean_caption("一\u3000\u3000二", 1) == "一");
  CHECK(clean_caption("tab\tinside\n", 5) == "tab\tinside");
  CHECK(clean_caption("", 5).empty());
  CHECK(clean_caption(" .!\n", 5).empty());
}

TEST_CASE("caption: malformed bytes become U+FFFD") { CHECK(clean_caption("A\xFF\xE4\xB8", 9) == "a\uFFFD\uFFFD"); }

TEST_CASE("caption: a title above 64 KB is cut between characters") {
  std::string title(ctp::data::longest_title - 1, 'x');
  title += "\u4E2D";

  const std::string cleaned = clean_caption(title, 30);

  CHECK(cleaned == std::string(ctp::data::longest_title - 1, 'x'));
}

TEST_CASE("caption: fewer than one word is refused by name") {
  CHECK_THROWS_WITH_AS(clean_caption("a", 0),
                       "clean_caption: max_words: expected 1 or more, found 0; the published value is 30",
                       ctp::UsageError);
}
