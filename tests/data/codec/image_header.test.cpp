#include <ctp/data/codec/image_header.hpp>

#include <string>

#include <doctest/doctest.h>

#include <data/golden_alpha.hpp>
#include <data/golden_images.hpp>
#include <data/picture_files.hpp>

namespace data = ctp::data;
using data::ImageType;

namespace {

/// The type that the file's name promises.
ImageType type_by_name(const std::string& name) {
  if (name.ends_with(".png")) return ImageType::Png;
  if (name.ends_with(".webp")) return ImageType::WebP;
  if (name.ends_with(".gif")) return ImageType::Gif;
  return name.ends_with(".bmp") ? ImageType::Bmp : ImageType::Jpeg;
}

}  // namespace

TEST_CASE("image header: the type of every golden file, from its first twelve bytes") {
  const auto check = [](const std::string& name, const picture::Bytes& file) {
    CAPTURE(name);
    CHECK(data::image_type(file) == type_by_name(name));
    CHECK(data::image_type(std::span(file).first(12)) == type_by_name(name));
  };
  for (const std::string& name : picture::kinds()) check(name, golden::read(name));
  for (const auto& one : golden::alpha_cases("")) check(one.name, one.file);
  CHECK(data::image_type({}) == ImageType::Other);
  CHECK(data::image_type(picture::bytes("RIFF....WAVE")) == ImageType::Other);
  CHECK(data::image_type(picture::bytes("RIFF....WEB")) == ImageType::Other);
}

TEST_CASE("image header: files of other kinds are named") {
  const auto kind = [](std::string_view text) { return data::looks_like(picture::bytes(text)); };
  CHECK(kind("") == "an empty file");
  CHECK(kind(" <HTML>") == "an HTML page");
  CHECK(kind("<?xml?><svg>") == "an SVG drawing");
  CHECK(kind("{\"a\": 1}") == "JSON text");
  CHECK(kind("%PDF-1.4") == "a PDF document");
  CHECK(kind("\x01\x02") == "bytes of no known kind");
}
