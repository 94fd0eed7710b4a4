#include <ctp/io/json/parse.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <io/scratch.hpp>

namespace io = ctp::io;

namespace {

// Writes down every event with its place, token and path.
struct Recorder : io::JsonHandler {
  std::string text;
  void add(const std::string& what) {
    text += what + "@" + std::to_string(place().line) + ":" + std::to_string(place().column) + "[" +
            std::string(token()) + "]" + path() + " ";
  }
  void null() override { add("null"); }
  void boolean(bool v) override { add(v ? "true" : "false"); }
  void number(const io::JsonNumber& v) override { add(v.whole ? "int" : "real"); }
  void string(std::string& v) override { add("str:" + std::move(v)); }
  void key(const std::string& name) override { add("key:" + name); }
  void begin_object() override { add("{"); }
  void end_object() override { add("}"); }
  void begin_array() override { add("["); }
  void end_array() override { add("]"); }
};

std::string events(const std::string& text, const io::JsonOptions& options = {}) {
  Recorder recorder;
  io::parse_json(text, "f.json", recorder, options);
  return recorder.text;
}
std::string problem(const std::string& text, const io::JsonOptions& options = {}) {
  return message_of([&] { events(text, options); });
}
io::JsonNumber number(const std::string& text) {
  struct Keep : io::JsonHandler {
    io::JsonNumber last;
    void number(const io::JsonNumber& v) override { last = v; }
  } keep;
  io::parse_json(text, "n", keep);
  return keep.last;
}

}  // namespace

TEST_CASE("json_parse: every event knows its place, its token and its path") {
  CHECK(events("{\"a\": [1, -2.5 ,{\"b\":null}],\n \"中\":\"x\\ny\", \"t\":true}") ==
        "{@1:1[{] key:a@1:2[\"a\"]a [@1:7[[]a int@1:8[1]a[0] real@1:11[-2.5]a[1] {@1:17[{]a[2] key:b@1:18[\"b\"]a[2].b "
        "null@1:22[null]a[2].b }@1:26[}]a[2] ]@1:27[]]a key:中@2:2[\"中\"]中 str:x\ny@2:6[\"x\\ny\"]中 "
        "key:t@2:14[\"t\"]t true@2:18[true]t }@2:22[}] ");
  CHECK(events("7") == "int@1:1[7] ");
  CHECK(events(" 12 ") == "int@1:2[12] ");
  CHECK(events("[]") == "[@1:1[[] ]@1:2[]] ");
}

TEST_CASE("json_parse: comments are allowed on request only, and places behind them are right") {
  const std::string text = "// {\n[1/* , */,/**/2 // end\n, 3]";
  CHECK(events(text, {.comments = true}) == "[@2:1[[] int@2:2[1][0] int@2:15[2][1] int@3:3[3][2] ]@3:4[]] ");
  CHECK(problem(text).starts_with("3: f.json, line 1, column 1: "));
}

TEST_CASE("json_parse: malformed JSON is refused with line and column") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "line 1, column 1"},
      {"{\"a\":1,}", "line 1, column 8"},
      {"[1,]", "line 1, column 4"},
      {"{\n\"a\" 1}", "line 2, column 5"},
      {"{\"a\":NaN}", "line 1, column 6"},
      {"{'a':1}", "line 1, column 2"},
      {"[01]", "line 1, column 3"},
      {"[+1]", "line 1, column 2"},
      {"[.5]", "line 1, column 2"},
      {"[1] x", "line 1, column 5"},
      {"[1", "line 1, column 3"},
      {"\"open", "line 1, column 6"},
      {"[\"a\tb\"]", "line 1, column 4"},
      {"[\"\xFF\"]", "line 1, column 3"},
      {"[\"\xC0\x80\"]", "line 1, column 3"},
      {"[\"\\ud800\"]", "line 1, column 9"},
      {"[\"\\x\"]", "line 1, column 4"},
      {"[1e999]", "line 1, column 6"},
      {"[-1e999]", "line 1, column 7"},
      {"\xEF\xBB\xBF{]", "line 1, column 2"},
      {std::string("\xFF\xFE{\0", 4), "line 1, column 1: expected UTF-8, found UTF-16; save the file as UTF-8"},
      {std::string("{\0}\0", 4), "line 1, column 2: expected UTF-8 text, found a NUL byte"},
      {std::string("{}\0garbage", 10), "line 1, column 3: expected UTF-8 text, found a NUL byte"},
      {"{\"a\":1,\"b\":2,\n \"a\":3}",
       "line 2, column 2: a: expected every key once, found a duplicate key; remove one of them"},
      {"{\"x\":[{\"a\":1,\"\\u0061\":2}]}",
       "line 1, column 14: x[0].a: expected every key once, found a duplicate key"},
  };
  for (const auto& [text, place] : cases) {
    CAPTURE(text);
    CHECK(problem(text).starts_with("3: f.json, " + place));
  }
  CHECK(problem("{\"a\":1,}") ==
        "3: f.json, line 1, column 8: a: expected string literal, found syntax error while parsing object key - "
        "unexpected '}'");
  CHECK(problem("[1e999]") ==
        "3: f.json, line 1, column 6: expected valid JSON, found number overflow parsing '1e999'");
}

TEST_CASE("json_parse: a lenient parse shows the text of the file in places, tokens and messages") {
  const io::JsonOptions lenient{.lenient = true};
  CHECK(events("[NaN ,1e999,-1e999]", lenient) ==
        "[@1:1[[] real@1:2[NaN][0] real@1:7[1e999][1] real@1:13[-1e999][2] ]@1:19[]] ");
  CHECK(events("[\"\\ud83d\",2]", lenient) ==
        "[@1:1[[] str:\xEF\xBF\xBD@1:2[\"\\ud83d\"][0] int@1:11[2][1] ]@1:12[]] ");
  CHECK(events("\xEF\xBB\xBF[\"a\"]") == "[@1:1[[] str:a@1:2[\"a\"][0] ]@1:5[]] ");
  CHECK(problem("[NaN,]", lenient).starts_with("3: f.json, line 1, column 6: "));
  CHECK(problem("{\"\\ud800\":1,\"\\ud801\":2}", lenient) == "none");
  CHECK(problem("{\"\\ud800\":1,\"\\ud800\":2}", lenient).find("every key once") != std::string::npos);
  CHECK(problem("[\"\\ud8", lenient).starts_with("3: "));
  CHECK(problem("[\"\\", lenient).starts_with("3: "));
}

TEST_CASE("json_parse: depth is bounded for any text") {
  const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  CHECK(problem(nested(64)) == "none");
  CHECK(problem(nested(65)) ==
        "3: f.json, line 1, column 65: expected at most 64 levels of objects and arrays, found one more");
  CHECK(problem(std::string(1000000, '[')).starts_with("3: f.json, line 1, column 65: "));
  CHECK(problem(nested(3), {.max_depth = 2}).starts_with("3: "));
}

TEST_CASE("json_parse: a message stays short and on one line for any content of the file") {
  const std::string message = problem("[\"" + std::string(100000, 'x') + "\x1b\n");
  CHECK(message.size() < 400);
  CHECK(message.find('\n') == std::string::npos);
  const std::string deep_key = problem("{\"" + std::string(100000, 'k') + "\":tru}");
  CHECK(deep_key.size() < 500);
}

TEST_CASE("json_parse: the kind of error is the caller's choice") {
  CHECK(problem("[", {.error = ctp::ErrorCode::Usage}).starts_with("2: "));
  CHECK(problem("[", {.error = ctp::ErrorCode::Checkpoint}).starts_with("4: "));
}

TEST_CASE("json_parse: a number is an integer by its spelling") {
  CHECK(number("0").as_int64() == 0);
  CHECK(number("9223372036854775807").as_int64() == INT64_MAX);
  CHECK(number("-9223372036854775808").as_int64() == INT64_MIN);
  CHECK(number("18446744073709551615").as_uint64() == UINT64_MAX);
  CHECK(number("-1").as_int64() == -1);
  for (const char* text :
       {"9223372036854775808", "-9223372036854775809", "18446744073709551616", "3.0", "1e3", "-0", "3.9"}) {
    CAPTURE(text);
    CHECK(!number(text).as_int64());
  }
  for (const char* text : {"-1", "-0", "18446744073709551616", "3.0", "1e3", "-0.0"}) {
    CAPTURE(text);
    CHECK(!number(text).as_uint64());
  }
  CHECK(number("18446744073709551616").value == 0x1p64);
  CHECK(number("-0.0").negative);
  CHECK(number("1e-400").value == 0.0);
}

TEST_CASE("json_parse: a handler may refuse a value, and the message names it") {
  struct OnlyStrings : io::JsonHandler {
    void number(const io::JsonNumber& /*v*/) override { refuse("a string", "put it in quotes"); }
    void begin_array() override { refuse("a string"); }
  } handler;
  CHECK(message_of([&] { io::parse_json("{\"a\":{\"b c\":3.5}}", "f", handler); }) ==
        "3: f, line 1, column 13: a.b c: expected a string, found 3.5; put it in quotes");
  CHECK(message_of([&] { io::parse_json("{\"a\\n\":[]}", "f", handler); }) ==
        "3: f, line 1, column 8: \"a\\n\": expected a string, found an array");
}

TEST_CASE("json_parse: the keys of many large and small objects take no quadratic time") {
  std::string text = "[{";
  for (int i = 0; i < 200000; ++i) text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
  text += "}";
  for (int i = 0; i < 200000; ++i) text += ",{\"a\":1,\"b\":2}";
  text += "]";
  io::JsonHandler ignore;
  io::parse_json(text, "f", ignore);
  text.insert(text.size() - 1, ",{\"a\":1,\"a\":2}");
  CHECK(message_of([&] { io::parse_json(text, "f", ignore); }).find(": [200001].a: expected every key once") !=
        std::string::npos);
}
