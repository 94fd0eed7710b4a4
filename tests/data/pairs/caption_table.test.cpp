#include <ctp/data/pairs/caption_table.hpp>

#include <string>

#include <doctest/doctest.h>

#include <data/synthetic_source.hpp>
#include <data/temporary_folder.hpp>

using ctp::data::read_caption_table;
using test::has;
using test::message_of;
using test::TemporaryFolder;

TEST_CASE("caption table: two to four columns; task and category are filled in") {
  const TemporaryFolder folder;
  const std::string table = folder.write("t.csv", "a.jpg,one\nb.jpg,\"two, too\",toys\nc.jpg,three,toys,cubes\n");
  const auto rows = read_caption_table(table, false, "mine");
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].task == "mine");
  CHECK(rows[0].category == "mine");
  CHECK(rows[1].caption == "two, too");
  CHECK(rows[1].category == "toys");
  CHECK(rows[2].category == "cubes");
  CHECK(rows[2].line == 3);
  CHECK(read_caption_table(table, true).size() == 2);
}

TEST_CASE("caption table: an error names the table, the line and the fault") {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& text) {
    return message_of<ctp::DataError>([&] { read_caption_table(folder.write("t.csv", text)); });
  };
  CHECK(has(message("a.jpg,one\nb.jpg\n"), "t.csv: line 2: expected 2 to 4 columns: file, caption, task, category"));
  CHECK(has(message("a.jpg,one,t,c,more\n"), "found 5; put a caption that has commas in double quotes"));
  CHECK(has(message(",one\n"), "line 1: expected the name of a picture in the first column, found nothing"));
  CHECK(has(message("a.jpg,\n"), "line 1: expected a caption in the second column, found nothing"));
  CHECK(has(message("a.jpg,\xFF\n"), "expected text in UTF-8"));
  CHECK(has(message("\n"), "t.csv: expected at least one line: file,caption, found none; list the pictures"));
}
