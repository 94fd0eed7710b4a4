#include <ctp/data/codec/image_header.hpp>

#include <span>
#include <string>

#include <doctest/doctest.h>

#include <data/golden_alpha.hpp>
#include <data/golden_images.hpp>
#include <data/picture_files.hpp>

namespace data = ctp::data;
using picture::has;

TEST_CASE("image header: format and size of every golden file, from any prefix that holds them") {
  for (auto& line : golden::lines("decode")) {
    std::string file;
    std::size_t at = 0;
    int width = 0, height = 0;
    line >> file >> at >> width >> height;
    CAPTURE(file);
    const auto whole = golden::read(file);
    const data::ImageHeader header = data::read_image_header(whole, true, file);
    CHECK(header.problem.empty());
    CHECK_FALSE(header.more);
    CHECK(header.width == width);
    CHECK(header.height == height);
    CHECK((header.type == data::ImageType::Png) == file.ends_with(".png"));
    for (std::size_t n = 0; n < whole.size(); n += 7) {
      const auto part = data::read_image_header(std::span(whole).first(n), false, file);
      CHECK(part.problem.empty());
      CHECK((part.more || (part.width == width && part.height == height)));
      CHECK(data::read_image_header(std::span(whole).first(n), true, file).problem.empty() != part.more);
    }
  }
  for (const auto& one : golden::alpha_cases("")) {
    CAPTURE(one.name);
    const data::ImageHeader header = data::read_image_header(one.file, true, one.name);
    if (!data::is_decoded(header.type)) {
      CHECK(has(header.problem, one.name + ": expected a JPEG"));
      continue;
    }
    CHECK(header.problem.empty());
    if (one.name == "beyond.gif") continue;  // its size is known when its frame is read
    CHECK(header.width == one.rgb.width);
    CHECK(header.height == one.rgb.height);
  }
}

TEST_CASE("image header: what cannot be decoded is named as the decoder names it") {
  const auto problem = [](const picture::Bytes& file) { return data::read_image_header(file, true, "x.jpg").problem; };
  CHECK(has(problem(picture::bytes("<html>")), "x.jpg: expected a JPEG"));
  CHECK(has(problem(picture::bytes("<html>")), "found an HTML page"));
  CHECK(has(problem({}), "found an empty file"));
  CHECK(has(problem(picture::resized_header("rgb.png", 60'000, 60'000)), "x.jpg: image size: expected at most"));
  CHECK(has(problem(picture::resized_header("baseline_444.jpg", 0, 3)), "x.jpg: image size: expected sides"));
  const auto jpeg = golden::read("baseline_444.jpg");
  CHECK(has(problem({jpeg.begin(), jpeg.begin() + 30}), "30 bytes (truncated)"));
  CHECK(data::read_image_header(std::span(jpeg).first(30), false, "x.jpg").more);
}
