#include <ctp/data/pairs/caption_groups.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <data/synthetic_source.hpp>

using ctp::data::CaptionRow;
using ctp::data::group_captions;
using test::has;
using test::message_of;

TEST_CASE("caption groups: the rows of one picture are joined, in the order of their first rows") {
  const auto pictures = group_captions("t.csv", {{1, "b.jpg", "one", "t", "c"},
                                                 {2, "a.jpg", "two", "t", "c"},
                                                 {3, "./b.jpg", "three", "t", "c"},
                                                 {4, "b.jpg", "two", "t", "c"}});
  REQUIRE(pictures.size() == 2);
  CHECK(pictures[0].file == "b.jpg");
  CHECK(pictures[0].line == 1);
  CHECK(pictures[0].captions == std::vector<std::string>{"one", "three", "two"});
  CHECK(pictures[1].captions == std::vector<std::string>{"two"});
}

TEST_CASE("caption groups: a contradiction names the table and both lines") {
  const auto refused = [](const CaptionRow& second) {
    return message_of<ctp::DataError>([&] { group_captions("t.csv", {{1, "a.jpg", "one", "t", "c"}, second}); });
  };
  CHECK(has(refused({7, "a.jpg", "one", "t", "c"}), "t.csv: line 7: expected every caption of \"a.jpg\" once"));
  CHECK(has(refused({7, "a.jpg", "two", "u", "c"}),
            "line 7: expected the task \"t\" of \"a.jpg\" as on line 1, found \"u\""));
  CHECK(has(refused({7, ".//a.jpg", "two", "t", "d"}), "expected the category \"c\" of \"a.jpg\" as on line 1"));
}

TEST_CASE("caption groups: a path loses what names nothing") {
  using ctp::data::tidy_path;
  CHECK(tidy_path("./a//b/./c.jpg") == "a/b/c.jpg");
  CHECK(tidy_path("/a/b.jpg") == "/a/b.jpg");
  CHECK(tidy_path("//./a") == "/a");
  CHECK(tidy_path("../a.jpg") == "../a.jpg");
  CHECK(tidy_path("a/../b.jpg") == "a/../b.jpg");  // a may be a link
  CHECK(tidy_path(".") == "");
}
