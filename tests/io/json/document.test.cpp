#include <ctp/io/json/document.hpp>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <io/scratch.hpp>

namespace io = ctp::io;

namespace {
io::JsonDocument parse(const std::string& text, const io::JsonOptions& options = {}) {
  return io::parse_json_document(text, "c.json", options);
}
}  // namespace

TEST_CASE("json: values keep their places and the order of the file") {
  const auto document = parse(R"({"z":{"deep":[1,2.5,"x",true,null]},"a":-3,"empty":{}})");
  const auto root = document.root();
  CHECK(root.keys() == std::vector<std::string>{"z", "a", "empty"});
  CHECK(root.at("a").integer() == -3);
  const auto deep = root.at("z").at("deep");
  REQUIRE(deep.size() == 5);
  CHECK(deep.at(0).integer(1, 1) == 1);
  CHECK(deep.at(0).unsigned_integer() == 1);
  CHECK(deep.at(0).number() == 1.0);
  CHECK(deep.at(1).number(2.5, 2.5) == 2.5);
  CHECK(deep.at(1).number_text() == "2.5");
  CHECK(deep.at(2).string() == "x");
  CHECK(deep.at(3).boolean());
  CHECK(deep.at(4).is_null());
  CHECK(deep.at(4).path() == "z.deep[4]");
  CHECK(deep.at(1).place().column == 17);
  CHECK(root.at("empty").size() == 0);
  CHECK(!root.find("none"));
}

TEST_CASE("json: getters refuse other types and ranges, with place, path, expected and found") {
  const auto document = parse(
      "{\"model\":{\n \"width\": 3.9, \"n\":-1,\"s\":\"true\",\"big\":1e3,\"z\":-0,\"null\":null,\"list\":[1], "
      "\"huge\":18446744073709551615}}");
  const auto model = document.root().at("model");
  const auto get = [&](const char* key, auto&& getter) { return message_of([&] { (void)getter(model.at(key)); }); };
  const auto integer = [](const io::JsonView& v) { return v.integer(1, 8); };
  const auto count = [](const io::JsonView& v) { return v.unsigned_integer(); };
  CHECK(get("width", integer) ==
        "3: c.json, line 2, column 11: model.width: expected an integer from 1 to 8, found 3.9");
  CHECK(get("n", integer) == "3: c.json, line 2, column 20: model.n: expected an integer from 1 to 8, found -1");
  CHECK(get("n", count) == "3: c.json, line 2, column 20: model.n: expected an integer >= 0, found -1");
  CHECK(get("s", [](const io::JsonView& v) {
          return v.boolean();
        }).ends_with("model.s: expected true or false, found the string \"true\""));
  CHECK(get("big", integer).ends_with("found 1e3"));
  CHECK(get("big", [](const io::JsonView& v) { return v.number(); }) == "none");
  CHECK(
      get("z", [](const io::JsonView& v) { return v.integer(); }).ends_with("model.z: expected an integer, found -0"));
  CHECK(document.root().at("model").at("huge").number_text() == "18446744073709551615");
  CHECK(get("s", [](const io::JsonView& v) {
          return v.number_text();
        }).ends_with("model.s: expected a number, found the string \"true\""));
  CHECK(get("null", [](const io::JsonView& v) {
          return v.string();
        }).ends_with("model.null: expected a string, found null"));
  CHECK(get("huge", [](const io::JsonView& v) {
          return v.integer(0);
        }).ends_with("expected an integer >= 0, found 18446744073709551615"));
  CHECK(get("huge", count) == "none");
  CHECK(get("list", [](const io::JsonView& v) {
          return v.number(0.0, 0.5);
        }).ends_with("expected a number from 0 to 0.5, found an array"));
  CHECK(get("list", [](const io::JsonView& v) {
          return v.at(1).integer();
        }).ends_with("model.list: expected at least 2 items, found 1"));
  CHECK(get("list", [](const io::JsonView& v) {
          return v.at("k").integer();
        }).ends_with("expected an object, found an array"));
  CHECK(get("n", [](const io::JsonView& v) { return v.number(-1, -0.5); }) == "none");
  CHECK(get("n", [](const io::JsonView& v) { return v.number(0.5); }).ends_with("expected a number >= 0.5, found -1"));
  CHECK(get("n", [](const io::JsonView& v) { return v.size(); }).ends_with("expected an array or an object, found -1"));
  CHECK(message_of([&] { (void)model.at("depth"); }).ends_with("model: expected the key \"depth\", found no such key"));
}

TEST_CASE("json: an unknown key is refused with the nearest known one") {
  const auto document = parse("{\"epochs\":1,\n\"train\":{\"batch_sze\":2}}", {.error = ctp::ErrorCode::Usage});
  const auto root = document.root();
  root.allow_only({"epochs", "train"});
  CHECK(message_of([&] { root.at("train").allow_only({"epochs", "batch_size"}); }) ==
        "2: c.json, line 2, column 22: train.batch_sze: expected a known key, found the unknown key \"batch_sze\"; did "
        "you mean \"batch_size\"?");
}

TEST_CASE("json: a configuration file may have comments") {
  const Scratch scratch;
  put(scratch / "c.json", "{ // sizes\n  \"lr\": 5e-4 /* published */\n}");
  const auto document = io::read_json(scratch / "c.json", {.comments = true});
  CHECK(document.root().at("lr").number() == 5e-4);
  CHECK(message_of([&] {
          (void)io::read_json(scratch / "c.json");
        }).starts_with("3: " + scratch / "c.json" + ", line 1, column 3: "));
  CHECK(message_of([&] { (void)io::read_json(scratch / "none.json"); }).starts_with("3: "));
  CHECK(message_of([&] { (void)io::read_json(scratch / "c.json", {.comments = true}, 10); }).find("at most 10 bytes") !=
        std::string::npos);
}

TEST_CASE("json: a member of a large object is found, whatever the order of its keys") {
  std::string text = "{";
  for (int i = 0; i < 1000; ++i) {
    const std::string number = std::to_string((i * 7919) % 1000);  // 7919 is prime to 1000: every number once
    text.append(i == 0 ? "" : ",").append("\"").append(number).append("\":").append(number);
  }
  const auto document = parse(text + "}");
  const auto root = document.root();
  CHECK(root.keys()[1] == "919");
  for (int i = 0; i < 1000; ++i) CHECK(root.at(std::to_string(i)).integer() == i);
  CHECK(!root.find("1000"));
  CHECK(!root.find(""));
  CHECK(!root.find("zzz"));
}

TEST_CASE("json: the number of values of a document is bounded, and with it the memory") {
  CHECK(message_of([&] { (void)io::parse_json_document("[1,[2],{\"a\":3}]", "c.json", {}, 5); }) ==
        "3: c.json, line 1, column 13: [2].a: expected at most 5 values in the file, found 3");
  CHECK(message_of([&] { (void)io::parse_json_document("[1,[2],{\"a\":3}]", "c.json", {}, 6); }) == "none");
  std::string many = "[0";
  for (int i = 0; i < 1000000; ++i) many += ",0";
  CHECK(message_of([&] { (void)parse(many + "]"); }).find("at most 120000 values") != std::string::npos);
}

TEST_CASE("json: a number of a document has the value and the kind of its spelling") {
  const auto document = parse("[-0, -9223372036854775808, 18446744073709551616, 1e-400, -2.5e2, 0]");
  const auto root = document.root();
  CHECK(std::signbit(root.at(0).number()));
  CHECK(root.at(1).integer() == INT64_MIN);
  CHECK(root.at(2).number() == 0x1p64);
  CHECK(root.at(3).number() == 0.0);
  CHECK(root.at(4).number() == -250.0);
  CHECK(root.at(5).unsigned_integer() == 0);
  CHECK(message_of([&] { (void)root.at(2).unsigned_integer(); }) != "none");
  CHECK(message_of([&] { (void)root.at(4).integer(); }) != "none");
}
