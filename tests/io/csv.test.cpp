#include <ctp/io/csv.hpp>

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using ctp::io::CsvRecord;
using ctp::io::read_csv;

namespace {
std::vector<std::vector<std::string>> fields(std::string_view text) {
  std::vector<std::vector<std::string>> all;
  for (const CsvRecord& record : read_csv(text, "t.csv")) all.push_back(record.fields);
  return all;
}
}  // namespace

TEST_CASE("csv: a table is read as spreadsheets write it") {
  using Rows = std::vector<std::vector<std::string>>;
  CHECK(fields("a.jpg,one\nb.jpg,two\n") == Rows{{"a.jpg", "one"}, {"b.jpg", "two"}});
  CHECK(fields("\xEF\xBB\xBF"
               "a.jpg,one\r\n\r\n  \r\nb.jpg,two") == Rows{{"a.jpg", "one"}, {"b.jpg", "two"}});
  CHECK(fields("a,\"x, \"\"y\"\"\nz\" , t\n") == Rows{{"a", "x, \"y\"\nz", "t"}});
  CHECK(fields(" a ,\" b \"\r") == Rows{{"a", " b "}});
  CHECK(fields("a,\n,b\n") == Rows{{"a", ""}, {"", "b"}});
  CHECK(fields("a,\"\"") == Rows{{"a", ""}});
  CHECK(fields("a,5\" disc") == Rows{{"a", "5\" disc"}});
  CHECK(fields("").empty());
  CHECK(read_csv("a,\"x\r\ny\"\r\nb,z", "t.csv")[1].line == 3);
}

TEST_CASE("csv: a damaged table is refused with file and line") {
  CHECK_THROWS_WITH_AS(
      read_csv("a,b\nc,\"d\n", "t.csv"),
      "t.csv: line 2: expected a closing quote, found the end of the file; close the quote, or double it",
      ctp::DataError);
  CHECK_THROWS_WITH_AS(
      read_csv("a,\"b\"c\n", "t.csv"),
      "t.csv: line 1: expected a comma or a line end after the closing quote, found other text; double the "
      "quotes inside a quoted field",
      ctp::DataError);
  CHECK_THROWS_AS(read_csv(std::string_view("a\0,b", 4), "t.csv"), ctp::DataError);
  CHECK_THROWS_AS(read_csv("\xFF\xFE"
                           "a",
                           "t.csv"),
                  ctp::DataError);
}

TEST_CASE("csv: another delimiter may stand between the fields") {
  const auto records = read_csv("a\t\"x\ty\"\t b, c \t\n\t\t\td\n", "t.tsv", '\t');
  REQUIRE(records.size() == 2);
  CHECK(records[0].fields == std::vector<std::string>{"a", "x\ty", "b, c", ""});
  CHECK(records[1].fields == std::vector<std::string>{"", "", "", "d"});
  CHECK(read_csv("a;b,c", "t.csv", ';')[0].fields == std::vector<std::string>{"a", "b,c"});
  CHECK_THROWS_WITH_AS(read_csv("a;\"b\"c", "t.csv", ';'),
                       "t.csv: line 1: expected a semicolon or a line end after the closing quote, found other text; "
                       "double the quotes inside a quoted field",
                       ctp::DataError);
}

TEST_CASE("csv: blanks before many quotes, and many short fields, take linear time") {
  const std::string blanks(2000000, ' '), quotes(2000000, '"');
  CHECK(fields("a," + blanks + "x" + quotes)[0][1] == "x" + quotes);
  CHECK(fields("a," + blanks + quotes)[0][1].size() == 999999);
  CHECK(fields("a," + quotes + blanks + ",b")[0].size() == 3);
  CHECK(fields("a,x" + blanks)[0][1] == "x");
}
