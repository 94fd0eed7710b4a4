#include <ctp/io/suggest.hpp>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using ctp::io::edit_distance;
using ctp::io::nearest_name;

TEST_CASE("suggest: the distance counts insertions, deletions, replacements and swaps") {
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("same", "same") == 0);
  CHECK(edit_distance("batch_sze", "batch_size") == 1);
  CHECK(edit_distance("epohcs", "epochs") == 1);  // two neighbours swapped
  CHECK(edit_distance("ca", "abc") == 3);         // 2 for the unrestricted distance
}

TEST_CASE("suggest: the nearest known name is suggested, a distant one is not") {
  const std::array<std::string_view, 4> known{"epochs", "batch_size", "lr", "min_lr"};
  CHECK(nearest_name("batch_sze", known) == "batch_size");
  CHECK(nearest_name("epoch", known) == "epochs");
  CHECK(nearest_name("rl", known) == "lr");
  CHECK(nearest_name("colour", known).empty());
  CHECK(nearest_name("", known).empty());
  CHECK(nearest_name(std::string(1000000, 'x'), known).empty());
  CHECK(ctp::io::suggestion("batch_sze", known) == R"(did you mean "batch_size"?)");
  CHECK(ctp::io::suggestion("colour", std::vector<std::string>{"a", "b"}) == "known: a, b");
}

TEST_CASE("suggest: many or strange names give a short line in bounded time") {
  std::vector<std::string> many(200000, std::string(200, 'n'));
  many.front() = "a\x1b\n";
  const std::string wanted(200, 'm');
  const std::string text = ctp::io::suggestion(wanted, many);
  CHECK(text.starts_with("known: \"a\\u001b\\n\", \"nnn"));
  CHECK(text.ends_with(", ..."));
  CHECK(text.size() < 10000);
}
