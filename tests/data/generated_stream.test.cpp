// The generated stream on disk, and the table reader of pictures_to_p9d.
#include <ctp/data/generated_stream.hpp>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <ctp/data/decode.hpp>
#include <ctp/data/p9d.hpp>

#include "../../examples/pictures_to_p9d/csv.hpp"

namespace {

namespace fs = std::filesystem;
using ctp::data::generated::Settings;

/// A folder of its own, removed at the end of the scope.
struct Folder {
  fs::path path;
  Folder() {
    std::string name = (fs::temp_directory_path() / "ctp-generated-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};

Settings small() {
  Settings s;
  s.train = 36;
  s.test = 18;
  s.image_size = 32;
  return s;
}

std::map<std::string, std::string> contents(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file())
      files[fs::relative(entry.path(), folder).string()] = ctp::io::read_text(entry.path().string());
  }
  return files;
}

std::vector<std::vector<std::string>> fields(std::string_view text) {
  std::vector<std::vector<std::string>> all;
  for (const CsvRecord& record : read_csv(text, "t.csv")) all.push_back(record.fields);
  return all;
}

}  // namespace

TEST_CASE("the written folder has P9D's layout and can be read") {
  const Folder folder;
  std::size_t calls = 0;
  ctp::data::write_generated_stream(folder.path.string(), small(), [&](std::size_t done, std::size_t total) {
    CHECK(++calls == done);
    CHECK(total == 36 + 18 + 9 + 36);
  });
  const auto train = nlohmann::ordered_json::parse(ctp::io::read_text((folder.path / "json/train.json").string()));
  REQUIRE(train.size() == 9);
  CHECK(train.begin().key() == "家居用品");
  for (const auto& [industry, items] : train.items()) {
    for (const auto& [id, item] : items.items()) {
      CHECK(item.at("title").is_string());
      CHECK(item.at("cate_name").is_string());
      CHECK(fs::exists(folder.path / item.at("image_link").get<std::string>()));
      CHECK(item.at("image_link") == "train_images/" + id + ".jpg");
    }
  }
  std::set<std::string> industries;
  for (const char* split : {"test", "query", "gallery"}) {
    const auto file = folder.path / "json" / (std::string(split) + ".json");
    const auto items = nlohmann::ordered_json::parse(ctp::io::read_text(file.string()));
    for (const auto& [id, item] : items.items()) {
      industries.insert(item.at("industry_name").get<std::string>());
      CHECK(fs::exists(folder.path / "gallery_images" / (id + ".jpg")));
    }
  }
  CHECK(industries.size() == 9);

  const ctp::data::P9d stream(folder.path.string());
  const auto files = contents(folder.path / "gallery_images");
  CHECK(files.size() == 18 + 9 + 36);
  for (const auto& [name, bytes] : files) {
    const auto image = ctp::data::decode_image(std::as_bytes(std::span(bytes)), name);
    CHECK(image.width == 32);
    CHECK(image.height == 32);
  }
}

TEST_CASE("the same settings write the same bytes, another seed writes others") {
  const Folder a, b, c;
  Settings other = small();
  other.seed = 1;
  ctp::data::write_generated_stream(a.path.string(), small());
  ctp::data::write_generated_stream(b.path.string(), small());
  ctp::data::write_generated_stream(c.path.string(), other);
  CHECK(contents(a.path) == contents(b.path));
  CHECK(contents(a.path) != contents(c.path));
}

TEST_CASE("a writer refuses ids that cannot be file names or occur twice, and leaves no JSON of an unfinished folder") {
  using ctp::data::generated::P9dWriter, ctp::data::generated::Split;
  const Folder folder;
  ctp::data::write_generated_stream(folder.path.string(), small());
  P9dWriter writer(folder.path.string());
  CHECK(!fs::exists(folder.path / "json/gallery.json"));
  const std::vector<std::byte> picture = {std::byte{1}};
  CHECK_THROWS_AS(writer.add(Split::Test, {"t", "../a", "x", "y"}, picture), ctp::DataError);
  CHECK_THROWS_AS(writer.add(Split::Test, {"t", "", "x", "y"}, picture), ctp::DataError);
  writer.add(Split::Test, {"t", "a", "x \"y\"\n", "y"}, picture);
  CHECK_THROWS_AS(writer.add(Split::Test, {"t", "a", "x", "y"}, picture), ctp::DataError);
  writer.add(Split::Train, {"t", "a", "x", "y"}, picture);
  writer.finish();
  const auto test = nlohmann::json::parse(ctp::io::read_text((folder.path / "json/test.json").string()));
  CHECK(test.at("a").at("title") == "x \"y\"\n");
}

TEST_CASE("a disk that refuses is a resource error") {
  CHECK_THROWS_AS(ctp::data::write_generated_stream("/proc/ctp-no-such-folder", small()), ctp::ResourceError);
}

TEST_CASE("a table is read as spreadsheets write it") {
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

TEST_CASE("a damaged table is refused with file and line") {
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
