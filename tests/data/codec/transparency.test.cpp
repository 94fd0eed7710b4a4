#include <ctp/data/codec/transparency.hpp>

#include <string>

#include <doctest/doctest.h>

#include <ctp/data/codec/image_header.hpp>

#include <data/golden_alpha.hpp>
#include <data/golden_images.hpp>
#include <data/picture_files.hpp>

namespace data = ctp::data;

TEST_CASE("transparency: pictures on a background equal Pillow's alpha_composite, in every format") {
  for (const auto& one : golden::alpha_cases("")) {
    CAPTURE(one.name);
    if (!data::is_decoded(data::image_type(one.file))) continue;
    CHECK(data::has_transparency(one.file, one.name) == one.transparent);

    const data::Flattened white = data::lay_on_background(one.file, one.name, 255);
    CHECK(white.had_transparency == one.transparent);
    CHECK(data::decode_image(white.bytes, one.name) == one.on_white);
    CHECK(data::decode_image(data::lay_on_background(one.file, one.name, 0).bytes, one.name) == one.on_black);
    CHECK(data::decode_image(data::lay_on_background(one.file, one.name, 77).bytes, one.name) == one.on_77);
  }
}

TEST_CASE("transparency: a file that stores no opacity stays byte for byte") {
  for (const char* name : {"rgb.png", "rgb_16.png", "grey_16.png", "palette_8.png", "baseline_420.jpg", "cmyk.jpg"}) {
    CAPTURE(name);
    const auto file = golden::read(name);
    const data::Flattened same = data::lay_on_background(file, name, 255);
    CHECK(same.bytes == file);
    CHECK_FALSE(same.had_transparency);
  }
}

TEST_CASE("transparency: opaque pixels do not depend on the number of bits of their samples") {
  // rgba_opaque.png by hand with 16 bits: each byte twice.
  const auto cases = golden::alpha_cases("rgba_opaque.png");
  const data::Flattened flat = data::lay_on_background(cases.at(0).file, "x", 255);
  CHECK(flat.bytes == data::encode_png(cases.at(0).rgb));
  CHECK_FALSE(flat.had_transparency);
}

TEST_CASE("transparency: a damaged file is refused, not laid") {
  auto file = golden::alpha_cases("rgba.png").at(0).file;
  file.resize(file.size() / 2);
  CHECK_THROWS_AS(data::lay_on_background(file, "x.png", 255), ctp::DataError);
  CHECK_THROWS_AS(data::has_transparency(file, "x.png"), ctp::DataError);
}
