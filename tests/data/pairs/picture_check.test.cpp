#include <ctp/data/pairs/picture_check.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/core/parallel.hpp>

#include <data/golden_images.hpp>
#include <data/picture_files.hpp>
#include <data/synthetic_source.hpp>
#include <data/temporary_folder.hpp>

using ctp::data::check_pictures;
using ctp::data::P9d;
using ctp::data::PictureCheck;
using ctp::data::Split;
using test::has;
using test::TemporaryFolder;

namespace {

namespace fs = std::filesystem;

std::string content(const std::string& name) {
  const picture::Bytes bytes = golden::read(name);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The small P9D layout with a picture for each record; those of training differ from the others.
void write_small_pictures(const TemporaryFolder& folder) {
  test::write_small_p9d(folder);
  for (const char* id : {"f0", "f1", "t1"})
    folder.write(std::string("train_images/") + id + ".jpg", content("baseline_444.jpg"));
  for (const char* id : {"a", "b"}) folder.write(std::string("gallery_images/") + id + ".jpg", content("rgb.png"));
}

}  // namespace

TEST_CASE("picture check: a sound folder has no bad picture, and the sizes are those of the decoded pictures") {
  const TemporaryFolder folder;
  write_small_pictures(folder);
  const PictureCheck check = check_pictures(P9d(folder.path()));
  CHECK(check.pictures == 10);  // four training records, two in each other list
  CHECK(check.bad.empty());
  const auto bytes_of = [](const std::string& name) {
    return ctp::data::decode_image(golden::read(name), name).rgb.size();
  };
  CHECK(check.pixel_bytes[0] == 4 * bytes_of("baseline_444.jpg"));
  for (const std::size_t split : {std::size_t{1}, std::size_t{2}, std::size_t{3}})
    CHECK(check.pixel_bytes[split] == 2 * bytes_of("rgb.png"));
  for (const auto& copies : check.copies) CHECK(copies.pictures == 0);
}

TEST_CASE("picture check: each way in which a picture cannot be read is found, named with its reason, at any threads") {
  const TemporaryFolder folder;
  write_small_pictures(folder);
  const std::string whole = content("baseline_444.jpg"), png = content("rgb.png");
  struct Damage {
    std::string found, bytes;
  };
  const std::vector<Damage> kinds{{"an empty file", ""},
                                  {"an HTML page", "<!DOCTYPE html><html></html>"},
                                  {"a WebP image", std::string("RIFF\x10\0\0\0WEBPVP8 ", 16)},
                                  {"truncated", whole.substr(0, whole.size() / 2)},
                                  {"truncated", whole.substr(0, 100)},
                                  {"truncated", whole.substr(0, whole.size() - 200)},
                                  {"PNG image", png.substr(0, png.size() / 2)},
                                  {"bytes of no known kind", std::string(50, '\0')}};
  const int before = ctp::threads();
  for (const Damage& damage : kinds) {
    if (damage.found == "a WebP image" && ctp::data::is_decoded(ctp::data::ImageType::WebP)) continue;
    CAPTURE(damage.found);
    const std::string file = folder.write("train_images/t1.jpg", damage.bytes);
    for (const int threads : {1, 3}) {
      ctp::set_threads(threads);
      const PictureCheck check = check_pictures(P9d(folder.path()));
      REQUIRE(check.bad.size() == 1);
      CHECK(check.bad[0].split == Split::Train);
      CHECK(check.bad[0].ordinal == 2);
      CHECK(check.bad[0].task == "Toys");
      CHECK(check.bad[0].id == "t1");
      CHECK(check.bad[0].file == file);
      CHECK(has(check.bad[0].reason, file));
      CHECK(has(check.bad[0].reason, damage.found));
    }
  }
  ctp::set_threads(before);
}

TEST_CASE("picture check: missing files and folders in place of files are listed in all splits, each pair of them") {
  const TemporaryFolder folder;
  write_small_pictures(folder);
  fs::remove(folder.path("train_images/f1.jpg"));  // an id of both industries
  fs::remove(folder.path("gallery_images/b.jpg"));
  fs::create_directory(folder.path("gallery_images/b.jpg"));
  const PictureCheck check = check_pictures(P9d(folder.path()));
  CHECK(check.ordinals(Split::Train) == std::vector<std::uint32_t>{0, 3});
  for (const Split split : {Split::Test, Split::Query, Split::Gallery})
    CHECK(check.ordinals(split) == std::vector<std::uint32_t>{1});
  CHECK(check.bad_files() == 2);
  CHECK(has(check.bad[0].reason, "No such file"));
  CHECK(has(check.bad.back().reason, "a directory"));
  CHECK(has(check.reasons(1), "f1.jpg"));
  CHECK(has(check.reasons(1), " | and 1 more"));
  const std::string all = check.reasons();
  CHECK(all.find("b.jpg") == all.rfind("b.jpg"));  // once, though three lists have it
}

TEST_CASE("picture check: passed-over pairs and tasks that are not trained on are not opened") {
  const TemporaryFolder folder;
  write_small_pictures(folder);
  fs::remove(folder.path("train_images/t1.jpg"));
  CHECK(check_pictures(P9d(folder.path())).bad.size() == 1);
  CHECK(check_pictures(P9d(folder.path()), {.passed_over = {2}}).bad.empty());
  ctp::data::P9dOptions food;
  food.tasks = {"Food"};
  CHECK(check_pictures(P9d(folder.path(), food)).bad.empty());
  ctp::data::P9dOptions toys;
  toys.tasks = {"Toys"};
  fs::remove(folder.path("gallery_images/b.jpg"));  // of Food's records alone
  CHECK(check_pictures(P9d(folder.path(), toys), {.passed_over = {2}}).bad.empty());
  CHECK(check_pictures(P9d(folder.path(), toys), {.passed_over = {2}, .whole_test = true}).bad.size() == 1);
  CHECK(check_pictures(P9d(folder.path(), toys)).records == std::array<std::size_t, 4>{2, 1, 1, 1});
}

TEST_CASE("picture check: bytes behind the end marker are no fault; damaged data is found by decoding alone") {
  const TemporaryFolder folder;
  write_small_pictures(folder);
  folder.write("train_images/t1.jpg", content("baseline_444.jpg") + "bytes behind the end");
  CHECK(check_pictures(P9d(folder.path())).bad.empty());
  std::string png = content("rgb.png");
  png[png.find("IDAT") + 12] = static_cast<char>(png[png.find("IDAT") + 12] ^ 0x40);
  folder.write("gallery_images/a.jpg", png);
  CHECK(check_pictures(P9d(folder.path())).bad.empty());
  CHECK(check_pictures(P9d(folder.path()), {.decode_evaluation = true}).bad.size() == 3);  // test, query, gallery
}

TEST_CASE("picture check: a limit on pixels and one on bytes hold before anything is decoded") {
  const TemporaryFolder folder;
  write_small_pictures(folder);
  ctp::data::PictureCheckOptions tight;
  tight.limits.max_pixels = 3;
  CHECK(check_pictures(P9d(folder.path()), tight).bad.size() == 10);
  tight = {};
  tight.largest_file = content("rgb.png").size();
  const PictureCheck check = check_pictures(P9d(folder.path()), tight);
  const bool larger = content("baseline_444.jpg").size() > tight.largest_file;
  CHECK(check.bad.size() == (larger ? 4U : 0U));
}

TEST_CASE("picture check: copies of training pictures are counted by content, with and without the same title") {
  const TemporaryFolder folder;
  write_small_pictures(folder);
  // "a" is "tea", as training's f1 of Food: a pair. "b" is "car", whose training picture differs from f0's "honey".
  const std::string own = content("baseline_420.jpg"), large = content("baseline_444.jpg") + std::string(9000, 'x');
  folder.write("train_images/f1.jpg", own);  // of "tea" and of "car"
  folder.write("train_images/f0.jpg", large);
  folder.write("gallery_images/a.jpg", own);
  folder.write("gallery_images/b.jpg", large);
  PictureCheck check = check_pictures(P9d(folder.path()));
  for (const std::size_t split : {std::size_t{1}, std::size_t{2}, std::size_t{3}}) {
    CHECK(check.copies[split].pictures == 2);
    CHECK(check.copies[split].pairs == 1);
  }
  CHECK(check.copies[0].pictures == 0);

  // Equal size and equal start, another byte behind the first 4 KiB: no copy.
  std::string other = large;
  other.back() = 'y';
  folder.write("gallery_images/b.jpg", other);
  CHECK(check_pictures(P9d(folder.path())).copies[1].pictures == 1);
  CHECK(check_pictures(P9d(folder.path()), {.copies = false}).copies[1].pictures == 0);
}

TEST_CASE("picture check: one picture for all records is counted in linear time") {
  const TemporaryFolder folder;
  std::string train = R"({"T":{)", flat = "{";
  for (int i = 0; i < 1000; ++i) {
    const std::string number = std::to_string(i), comma = i == 0 ? "" : ",";
    train += comma + "\"" + number + R"(":{"title":"same"})";
    flat += comma + "\"" + number + R"(":{"title":"same","cate_name":"c","industry_name":"T"})";
  }
  folder.write("json/train.json", train + "}}");
  folder.write("json/test.json", flat + "}");
  for (const char* name : {"json/query.json", "json/gallery.json"}) folder.write(name, "{}");
  for (const char* name : {"train_images", "gallery_images"}) fs::create_directories(folder.path(name));
  const std::string one = folder.write("one.jpg", content("tiny_1x1.jpg"));
  for (int i = 0; i < 1000; ++i) {
    fs::create_hard_link(one, folder.path("train_images/" + std::to_string(i) + ".jpg"));
    fs::create_hard_link(one, folder.path("gallery_images/" + std::to_string(i) + ".jpg"));
  }
  const PictureCheck check = check_pictures(P9d(folder.path()));
  CHECK(check.copies[1].pictures == 1000);
  CHECK(check.copies[1].pairs == 1000);
}

TEST_CASE("p9d: records left out of the evaluation are gone and counted, and the others keep their order") {
  const TemporaryFolder folder;
  test::write_small_p9d(folder);
  P9d stream(folder.path());
  const std::vector<std::uint32_t> first{0, 7};
  stream.leave_out(Split::Test, first);
  REQUIRE(stream.test().size() == 1);
  CHECK(stream.test()[0].id == "b");
  CHECK(stream.test()[0].ordinal == 0);
  CHECK(stream.left_out(Split::Test) == 1);
  CHECK(stream.left_out(Split::Gallery) == 0);
  CHECK(stream.query().size() == 2);
  CHECK_THROWS_AS(stream.leave_out(Split::Train, first), ctp::UsageError);
}
