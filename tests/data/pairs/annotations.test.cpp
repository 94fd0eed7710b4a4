#include <ctp/data/pairs/annotations.hpp>

#include <string>

#include <doctest/doctest.h>

#include <data/synthetic_source.hpp>
#include <data/temporary_folder.hpp>

using ctp::data::AnnotationForm;
using ctp::data::Annotations;
using ctp::data::read_annotations;
using test::has;
using test::message_of;
using test::TemporaryFolder;

namespace {

constexpr AnnotationForm two_level{.two_level = true};

Annotations read(const std::string& json, AnnotationForm form) {
  const TemporaryFolder folder;
  return read_annotations(folder.write("x.json", json), form);
}
std::string refused(const std::string& json, AnnotationForm form) {
  return message_of<ctp::DataError>([&] { read(json, form); });
}

}  // namespace

TEST_CASE("annotations: two levels keep the order of the file, of industries and of items") {
  const Annotations a =
      read(R"({"Z":{"9":{"title":"nine","cate_name":"c"},"1":{"title":"one"}},"E":{},"A":{"1":{"title":"uno"}}})",
           two_level);

  CHECK(a.industries == std::vector<std::string>{"Z", "E", "A"});
  REQUIRE(a.samples.size() == 3);
  CHECK(a.samples[0].id == "9");
  CHECK(a.samples[0].title == "nine");
  CHECK(a.samples[0].category == "c");
  CHECK(a.samples[0].industry == "Z");
  CHECK(a.samples[0].ordinal == 0);
  CHECK(a.samples[1].id == "1");
  CHECK(a.samples[1].category.empty());
  CHECK(a.samples[2].industry == "A");
  CHECK(a.samples[2].ordinal == 2);
}

TEST_CASE("annotations: skipped fields may have any value, also objects with the names of known fields") {
  const Annotations a = read(
      R"({"1":{"price":[1,{"title":7,"x":[[]]}],"o":{"title":null,"industry_name":3},"n":null,"b":true,"title":"t","oss_url":"u","industry_name":"I","e":-1.5}})",
      {});

  REQUIRE(a.samples.size() == 1);
  CHECK(a.samples[0].title == "t");
  CHECK(a.samples[0].industry == "I");
}

TEST_CASE("annotations: in train.json the key is the industry; a field industry_name is skipped") {
  CHECK(read(R"({"I":{"1":{"title":"t","industry_name":5}}})", two_level).samples[0].industry == "I");
}

TEST_CASE("annotations: an empty title is a title") {
  CHECK(read(R"({"I":{"1":{"title":""}}})", two_level).samples[0].title.empty());
}

TEST_CASE("annotations: a missing field is named with its record, line and remedy") {
  const std::string title = refused("{\"I\":{\n  \"77\":{\"cate_name\":\"c\"}}}", two_level);
  CHECK(has(title, "x.json, line 2, column"));
  CHECK(has(title, ": I.77: expected a field \"title\" with text, found none; add it"));

  CHECK(has(refused(R"({"1":{"title":"t"}})", {}), "1: expected a field \"industry_name\""));
  const std::string no_category = R"({"1":{"title":"t","industry_name":"I"}})";
  CHECK(has(refused(no_category, {.needs_category = true}), "a field \"cate_name\""));
  CHECK(refused(no_category, {}).empty());
  CHECK(has(refused(R"({"1":{"title":"t","industry_name":"I"},"2":{"industry_name":"I"}})", {}),
            "2: expected a field \"title\""));
}

TEST_CASE("annotations: a field that is not text is refused with its path") {
  for (const char* value : {"3", "3.5", "null", "true", "{}", "[]", "[\"a\"]", "[\"a\",1]", "[\"a\",[]]", "[\"a\",{}]",
                            "[null,\"a\"]", "{\"a\":1}", "-1", "NaN"}) {
    CAPTURE(value);
    const std::string text = refused(std::string(R"({"I":{"7":{"title":)") + value + "}}}", two_level);
    CHECK(has(text, "I.7.title"));
    CHECK(has(text, ": expected text, "));
    CHECK(has(text, "quotation marks"));
  }
}

TEST_CASE("annotations: the wrong number of levels is explained") {
  CHECK(has(refused("[]", two_level), "expected an object"));
  CHECK(has(refused("7", {}), "expected an object"));
  CHECK(has(refused("\"x\"", {}), "expected an object"));
  CHECK(has(refused(R"({"1":{"title":"t","industry_name":"I"}})", two_level), "1.title: expected an object"));
  CHECK(has(refused(R"({"I":[{"title":"t"}]})", two_level), "I: expected an object, found an array"));
  CHECK(has(refused(R"({"I":{"1":{"title":"t"}}})", {}), "I: expected a field \"title\""));
  CHECK(has(refused(R"({"I":{"1":null}})", two_level), "I.1: expected an object, found null"));
  CHECK(has(refused(R"({"I":{"1":[]}})", two_level), "I.1: expected an object, found an array"));
}

TEST_CASE("annotations: an item id with a path out of its folder is refused") {
  for (const char* id : {"../x", "a/b", "a\\\\b", "..", ".", "", "a..b", "a\\u0000b", "a\\nb", "\\u007f"}) {
    CAPTURE(id);
    CHECK(has(refused(std::string("{\"I\":{\"") + id + R"(":{"title":"t"}}})", two_level), "file name"));
  }
  CHECK(has(refused("{\"" + std::string(201, 'x') + R"(":{"title":"t","industry_name":"I"}})", {}), "1 to 200 bytes"));
  CHECK(refused("{\"" + std::string(200, 'x') + R"(":{"title":"t","industry_name":"I"}})", {}).empty());
  CHECK(refused(R"({"I":{"a.b-c_d 1":{"title":"t"}}})", two_level).empty());
}

TEST_CASE("annotations: a duplicate key is refused in every object") {
  CHECK(has(refused(R"({"I":{"1":{"title":"a"},"1":{"title":"b"}}})", two_level), "I.1: expected every key once"));
  CHECK(has(refused(R"({"I":{"1":{"title":"a"}},"I":{"2":{"title":"b"}}})", two_level), "I: expected every key once"));
  CHECK(has(refused(R"({"I":{"1":{"title":"a","title":"b"}}})", two_level), "title: expected every key once"));
  CHECK(has(refused(R"({"I":{"1":{"title":"a","x":{"y":1,"y":2}}}})", two_level), "x.y: expected every key once"));
}

TEST_CASE("annotations: malformed JSON is refused with line and column") {
  CHECK(has(refused("{\"I\":{\n\"1\":{\"title\":\"a\",}}}", two_level), "line 2, column"));
  CHECK(has(refused("", two_level), "line 1, column 1"));
  CHECK(has(refused("{\"I\":", two_level), "line 1"));
  CHECK(has(refused("{\"I\":{\"1\":{\"title\":\"\xFF\"}}}", two_level), "line 1"));
  CHECK(has(refused("{} {}", two_level), "line 1"));
  CHECK(has(refused(std::string(100000, '['), two_level), "expected an object"));
  CHECK(has(refused("{\"1\":{\"x\":" + std::string(100000, '['), {}), "levels"));
}

TEST_CASE("annotations: a list of titles makes a pair of each, with the id of the record") {
  const Annotations a = read(
      R"({"I":{"7":{"title":["one","two","one"],"cate_name":"c","tags":["x"]},"8":{"title":"eight"}}})", two_level);
  REQUIRE(a.samples.size() == 4);
  const char* titles[] = {"one", "two", "one", "eight"};
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(a.samples[i].title == titles[i]);
    CHECK(a.samples[i].id == (i < 3 ? "7" : "8"));
    CHECK(a.samples[i].category == (i < 3 ? "c" : ""));
    CHECK(a.samples[i].industry == "I");
    CHECK(a.samples[i].ordinal == i);
  }
  const Annotations flat = read(R"({"q":{"cate_name":"c","title":["x","y"],"industry_name":"I"}})", {});
  REQUIRE(flat.samples.size() == 2);
  CHECK(flat.samples[1].industry == "I");
  CHECK(flat.samples[1].category == "c");
  CHECK(has(refused(R"({"I":{"7":{"title":["a"]}}})", two_level), "found a list of one text; put a single title"));
  CHECK(has(refused(R"({"I":{"7":{"title":[]}}})", two_level), "found an empty list"));
  CHECK(has(refused(R"({"1":{"title":"t","industry_name":["a","b"]}})", {}), "1.industry_name: expected text"));
  CHECK(
      has(refused(R"({"I":{"7":{"title":["a","b"],"cate_name":["c","d"]}}})", two_level), "cate_name: expected text"));
}

TEST_CASE("annotations: a byte-order mark and CRLF line ends are read") {
  const Annotations a = read("\xEF\xBB\xBF{\"I\":\r\n{\"1\":\r\n{\"title\":\"t\"}}}\r\n", two_level);
  REQUIRE(a.samples.size() == 1);
  CHECK(a.samples[0].title == "t");
  CHECK(has(refused("\xEF\xBB\xBF{\"I\":3}", two_level), "line 1, column 6"));
}

TEST_CASE("annotations: what nobody reads may hold NaN, lone surrogates and numbers beyond double") {
  const Annotations a = read(
      R"({"I":{"1":{"price":NaN,"n":[NaN, 1e999,-1E+400,{"\ud800":1,"\ud801":2}],"s":"\udc00 \ud83d","title":"t"}}})",
      two_level);
  REQUIRE(a.samples.size() == 1);
  CHECK(a.samples[0].title == "t");
  CHECK(a.replaced == 0);
  const std::string digits(1000, '1');
  CHECK(read(R"({"I":{"1":{"price":)" + digits + R"(,"q":-)" + digits + R"(.5,"title":"t"}}})", two_level)
            .samples.size() == 1);
  for (const char* value : {"Infinity", "-Infinity", "-NaN", "NaNs", "1NaN", "nan", "01e999", "1e999.5", "+1", "1e+"}) {
    CAPTURE(value);
    CHECK(has(refused(std::string("{\"I\":{\"1\":{\"title\":\"t\",\n\"x\":") + value + "}}}", two_level),
              "line 2, column"));
  }
}

TEST_CASE("annotations: a lone surrogate in a title becomes U+FFFD and is counted") {
  const Annotations a = read(
      R"({"I\ud83d":{"1":{"title":"cut \ud83d"},"2":{"title":"\uDE00 tail \\ud83d"},"3":{"title":"\ud83d\ude00 whole"},)"
      R"("4":{"title":["\ud83d\u0041","ok"]},"5":{"title":"\ufffd"}}})",
      two_level);
  REQUIRE(a.samples.size() == 6);
  CHECK(a.industries == std::vector<std::string>{"I\xEF\xBF\xBD"});
  CHECK(a.samples[0].title == "cut \xEF\xBF\xBD");
  CHECK(a.samples[1].title == "\xEF\xBF\xBD tail \\ud83d");
  CHECK(a.samples[2].title == "\xF0\x9F\x98\x80 whole");
  CHECK(a.samples[3].title ==
        "\xEF\xBF\xBD"
        "A");
  CHECK(a.samples[5].title == "\xEF\xBF\xBD");
  CHECK(a.replaced == 4);  // the industry and three titles
  CHECK(has(refused(R"({"I":{"\ud83d":{"title":"t"}}})", two_level), "file name"));
}

TEST_CASE("annotations: an industry needs a name") {
  CHECK(has(refused(R"({"":{"1":{"title":"t"}}})", two_level), "name of an industry"));
}

TEST_CASE("annotations: a path to a missing file is refused by name") {
  const TemporaryFolder folder;
  CHECK(has(message_of<ctp::DataError>([&] { read_annotations(folder.path("none.json"), {}); }), "none.json"));
  CHECK(has(message_of<ctp::DataError>([&] { read_annotations(folder.path(), {}); }), "directory"));
}
