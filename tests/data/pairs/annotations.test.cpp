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
  for (const char* value : {"3", "3.5", "null", "true", "{}", "[]", "{\"a\":1}", "-1"}) {
    CAPTURE(value);
    const std::string text = refused(std::string(R"({"I":{"7":{"title":)") + value + "}}}", two_level);
    CHECK(has(text, "I.7.title: expected text, found "));
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
  CHECK(has(refused("\xEF\xBB\xBF{}", two_level), "byte order mark"));
  CHECK(has(refused("{} {}", two_level), "line 1"));
  CHECK(has(refused(std::string(100000, '['), two_level), "expected an object"));
  CHECK(has(refused("{\"1\":{\"x\":" + std::string(100000, '['), {}), "levels"));
}

TEST_CASE("annotations: an industry needs a name") {
  CHECK(has(refused(R"({"":{"1":{"title":"t"}}})", two_level), "name of an industry"));
}

TEST_CASE("annotations: a path to a missing file is refused by name") {
  const TemporaryFolder folder;
  CHECK(has(message_of<ctp::DataError>([&] { read_annotations(folder.path("none.json"), {}); }), "none.json"));
  CHECK(has(message_of<ctp::DataError>([&] { read_annotations(folder.path(), {}); }), "directory"));
}
