#include <ctp/core/json_line.hpp>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using ctp::JsonArray;
using ctp::JsonLine;

TEST_CASE("json_line: members stand in the order of the calls") {
  JsonLine line;
  line.add("kind", "step").add("task", 0).add("loss", 0.5).add("done", true).add("nothing", nullptr);
  CHECK(line.text() == R"({"kind":"step","task":0,"loss":0.5,"done":true,"nothing":null})");
  CHECK(JsonLine().text() == "{}");
}

TEST_CASE("json_line: objects, arrays and ranges nest") {
  const std::vector<std::vector<double>> matrix{{0.25, std::nan("")}, {}};
  const std::array<std::int64_t, 2> whole{1, -2};
  JsonLine line;
  line.add("parts", JsonLine().add("a", 1.5F)).add("matrix", matrix).add("whole", std::span(whole));
  line.add("mixed", JsonArray().push("x").push(1).push(JsonLine())).add("flags", std::vector<bool>{true, false});
  CHECK(line.text() ==
        R"({"parts":{"a":1.5},"matrix":[[0.25,null],[]],"whole":[1,-2],"mixed":["x",1,{}],"flags":[true,false]})");
}

TEST_CASE("json_line: text is escaped, and bytes that are not UTF-8 are replaced") {
  CHECK(JsonLine().add("a\"b\\", "line\nend\ttab\x01\x7F").text() == R"({"a\"b\\":"line\nend\ttab\u0001\u007f"})");
  CHECK(JsonLine().add("k", "食品/保健").text() == R"({"k":"食品/保健"})");
  const std::string bad("x\xFFy\xED\xA0\x80", 6);  // a stray byte and a surrogate in UTF-8
  const auto parsed = nlohmann::json::parse(JsonLine().add("k", bad).text());
  CHECK(parsed["k"] == "x\xEF\xBF\xBDy\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_CASE("json_line: every double reads back to the same bits") {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20000; ++i) {
    const auto value = std::bit_cast<double>(random());
    const std::string text = JsonLine().add("v", value).text();
    if (!std::isfinite(value)) {
      CHECK(text == R"({"v":null})");
    } else {
      CHECK(nlohmann::json::parse(text)["v"].get<double>() == value);  // an independent parser
      CHECK(std::strtod(text.c_str() + 5, nullptr) == value);
    }
  }
}

TEST_CASE("json_line: numbers have the fewest digits that read back to the same value") {
  CHECK(JsonLine().add("v", 0.1).text() == R"({"v":0.1})");
  CHECK(JsonLine().add("v", 0.1F).text() == R"({"v":0.1})");
  CHECK(JsonLine().add("v", 1e22).text() == R"({"v":1e+22})");
  CHECK(JsonLine().add("v", std::numeric_limits<double>::infinity()).text() == R"({"v":null})");
  CHECK(JsonLine().add("v", std::numeric_limits<std::uint64_t>::max()).text() == R"({"v":18446744073709551615})");
  CHECK(JsonLine().add("v", std::numeric_limits<std::int64_t>::min()).text() == R"({"v":-9223372036854775808})");
}

TEST_CASE("json_line: a key twice is refused and leaves the line as it was") {
  JsonLine line;
  line.add("loss", 1).add("part\"", 2);
  CHECK_THROWS_AS(line.add("loss", 3), ctp::UsageError);
  CHECK_THROWS_AS(line.add("part\"", 3), ctp::UsageError);
  CHECK(line.text() == R"({"loss":1,"part\"":2})");
  line.clear();
  CHECK(line.add("loss", 4).text() == R"({"loss":4})");
}
