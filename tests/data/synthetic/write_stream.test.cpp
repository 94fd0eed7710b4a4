#include <ctp/data/synthetic/write_stream.hpp>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <io/scratch.hpp>

#include <ctp/data/codec/decode.hpp>
#include <ctp/data/pairs/p9d.hpp>

namespace {

namespace fs = std::filesystem;
using ctp::data::synthetic::Settings;

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

}  // namespace

TEST_CASE("write_stream: the folder has P9D's layout and can be read") {
  const Scratch folder;
  std::size_t calls = 0;
  ctp::data::write_synthetic_stream(folder.path, small(), [&](std::size_t done, std::size_t total) {
    CHECK(++calls == done);
    CHECK(total == 36 + 18 + 9 + 36);
  });
  const auto train = nlohmann::ordered_json::parse(ctp::io::read_text(folder / "json/train.json"));
  REQUIRE(train.size() == 9);
  CHECK(train.begin().key() == "家居用品");
  for (const auto& [industry, items] : train.items()) {
    for (const auto& [id, item] : items.items()) {
      CHECK(item.at("title").is_string());
      CHECK(item.at("cate_name").is_string());
      CHECK(fs::exists(folder / item.at("image_link").get<std::string>()));
      CHECK(item.at("image_link") == "train_images/" + id + ".jpg");
    }
  }
  std::set<std::string> industries;
  for (const char* split : {"test", "query", "gallery"}) {
    const auto file = fs::path(folder.path) / "json" / (std::string(split) + ".json");
    const auto items = nlohmann::ordered_json::parse(ctp::io::read_text(file.string()));
    for (const auto& [id, item] : items.items()) {
      industries.insert(item.at("industry_name").get<std::string>());
      CHECK(fs::exists(folder / ("gallery_images/" + id + ".jpg")));
    }
  }
  CHECK(industries.size() == 9);

  const ctp::data::P9d stream(folder.path);
  const auto files = contents(folder / "gallery_images");
  CHECK(files.size() == 18 + 9 + 36);
  for (const auto& [name, bytes] : files) {
    const auto image = ctp::data::decode_image(std::as_bytes(std::span(bytes)), name);
    CHECK(image.width == 32);
    CHECK(image.height == 32);
  }
}

TEST_CASE("write_stream: the same settings write the same bytes, another seed other bytes") {
  const Scratch a, b, c;
  Settings other = small();
  other.seed = 1;
  ctp::data::write_synthetic_stream(a.path, small());
  ctp::data::write_synthetic_stream(b.path, small());
  ctp::data::write_synthetic_stream(c.path, other);
  CHECK(contents(a.path) == contents(b.path));
  CHECK(contents(a.path) != contents(c.path));
}

TEST_CASE("write_stream: a folder that cannot be made is a resource error") {
  CHECK_THROWS_AS(ctp::data::write_synthetic_stream("/proc/ctp-no-such-folder", small()), ctp::ResourceError);
}
