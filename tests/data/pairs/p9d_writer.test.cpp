#include <ctp/data/pairs/p9d_writer.hpp>

#include <cstddef>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/data/pairs/p9d.hpp>
#include <ctp/io/files.hpp>

#include <data/synthetic_source.hpp>
#include <data/temporary_folder.hpp>

using ctp::data::P9dWriter;
using ctp::data::Sample;
using ctp::data::Split;
using test::message_of;
using test::TemporaryFolder;

namespace {

Sample sample(const char* id, const char* title, const char* industry = "t") {
  Sample result;
  result.id = id;
  result.title = title;
  result.category = "y";
  result.industry = industry;
  return result;
}

const std::vector<std::byte> picture = {std::byte{'p'}};

}  // namespace

TEST_CASE("p9d writer: a folder of two industries, byte for byte") {
  const TemporaryFolder folder;
  P9dWriter writer(folder.path());
  writer.add(Split::Train, sample("1", "a", "B"), picture);
  writer.add(Split::Train, sample("2", "b", "A"), picture);
  writer.add(Split::Train, sample("3", "c \"d\"\n", "B"), picture);
  writer.add(Split::Test, sample("4", "e", "A"), picture);
  writer.finish();

  CHECK(ctp::io::read_text(folder.path("json/train.json")) ==
        "{\n\"B\": {\n"
        "\"1\": {\"title\":\"a\",\"cate_name\":\"y\",\"image_link\":\"train_images/1.jpg\"},\n"
        "\"3\": {\"title\":\"c \\\"d\\\"\\n\",\"cate_name\":\"y\",\"image_link\":\"train_images/3.jpg\"}\n},\n"
        "\"A\": {\n"
        "\"2\": {\"title\":\"b\",\"cate_name\":\"y\",\"image_link\":\"train_images/2.jpg\"}\n}\n}\n");
  CHECK(ctp::io::read_text(folder.path("json/test.json")) ==
        "{\n\"4\": {\"title\":\"e\",\"cate_name\":\"y\",\"industry_name\":\"A\","
        "\"image_link\":\"gallery_images/4.jpg\"}\n}\n");
  CHECK(ctp::io::read_text(folder.path("json/query.json")) == "{\n\n}\n");
  CHECK(ctp::io::read_text(folder.path("train_images/3.jpg")) == "p");
  CHECK(ctp::io::read_text(folder.path("gallery_images/4.jpg")) == "p");
}

TEST_CASE("p9d writer: an id that cannot be a file name, or occurs twice in a split, is refused by name") {
  const TemporaryFolder folder;
  P9dWriter writer(folder.path());
  const auto refusal = [&](Split split, const char* id) {
    return message_of<ctp::DataError>([&] { writer.add(split, sample(id, "x"), picture); });
  };
  for (const char* id : {"../a", "", ".", "a/b", "a\\b", "a\n"}) {
    CAPTURE(id);
    CHECK(test::has(refusal(Split::Test, id), "test.json: id: expected 1 to 200 bytes that can be a file name"));
  }
  CHECK(refusal(Split::Test, "a").empty());
  CHECK(test::has(refusal(Split::Test, "a"), "test.json: id: expected every id once, found \"a\" twice"));
  CHECK(refusal(Split::Train, "a").empty());
}

TEST_CASE("p9d writer: a new writer removes the JSON files of the folder, so that an unfinished one has none") {
  const TemporaryFolder folder;
  test::write_small_p9d(folder);
  const P9dWriter writer(folder.path());
  CHECK(ctp::io::list_directory(folder.path("json")).empty());
}

TEST_CASE(
    "p9d writer: several captions of a picture become a list of titles, which P9d reads as pairs of one picture") {
  const TemporaryFolder folder;
  P9dWriter writer(folder.path());
  const std::vector<std::string> more = {"second", "third \"x\""};
  writer.add(Split::Train, sample("1", "first"), picture, more);
  writer.add(Split::Test, sample("2", "alone"), picture, {});
  writer.finish();
  CHECK(test::has(ctp::io::read_text(folder.path("json/train.json")),
                  "\"1\": {\"title\":[\"first\",\"second\",\"third \\\"x\\\"\"],\"cate_name\":\"y\","));
  CHECK(test::has(ctp::io::read_text(folder.path("json/test.json")), "\"title\":\"alone\""));

  const ctp::data::P9d stream(folder.path());
  REQUIRE(stream.train().size() == 3);
  CHECK(stream.train()[2].title == more[1]);
  CHECK(stream.train()[0].image == stream.train()[2].image);
  CHECK(stream.train("t").size() == 3);
}
