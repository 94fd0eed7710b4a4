#include <ctp/data/picture_row.hpp>

#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <data/synthetic_source.hpp>

using ctp::data::Batch;
using ctp::data::Image;
using ctp::data::PictureRow;
using ctp::data::Pictures;
using test::has;
using test::message_of;

namespace {
Batch two_pictures(Pictures pictures) {
  Batch batch;
  batch.resize(2, 2, 2, pictures);
  return batch;
}
Image counted() {
  Image image(2, 2);
  for (std::size_t i = 0; i < 12; ++i) image.rgb[i] = static_cast<std::uint8_t>(10 * i);
  return image;
}
}  // namespace

TEST_CASE("picture row: a batch of pixels holds the picture's bytes unchanged in its row") {
  Batch batch = two_pictures(Pictures::Pixels);
  PictureRow(batch, 1).write(counted());
  CHECK(batch.images.empty());
  std::vector<std::uint8_t> expected(12, 0);
  for (std::size_t i = 0; i < 12; ++i) expected.push_back(static_cast<std::uint8_t>(10 * i));
  CHECK(batch.pixels == expected);
  CHECK(PictureRow(batch, 0).size() == 2);
}

TEST_CASE("picture row: a batch of floats holds normalised pixels, and floats unchanged") {
  Batch batch = two_pictures(Pictures::Floats);
  PictureRow(batch, 0).write(counted());
  std::vector<float> floats(12);
  for (std::size_t i = 0; i < 12; ++i) floats[i] = static_cast<float>(i);
  PictureRow(batch, 1).write(floats);
  CHECK(batch.pixels.empty());
  REQUIRE(batch.images.size() == 24);
  CHECK(batch.images[1] == doctest::Approx((30 / 255.0 - 0.48145466) / 0.26862954));
  CHECK(batch.images[11] == doctest::Approx((110 / 255.0 - 0.40821073) / 0.27577711));
  CHECK(std::vector<float>(batch.images.begin() + 12, batch.images.end()) == floats);
}

TEST_CASE("picture row: other sizes, and floats for a batch of pixels, are refused with a remedy") {
  Batch pixels = two_pictures(Pictures::Pixels), floats = two_pictures(Pictures::Floats);
  CHECK(has(message_of<ctp::UsageError>([&] { PictureRow(pixels, 0).write(Image(3, 2)); }),
            "expected 2 x 2, found 3 x 2; resize it first"));
  CHECK(has(message_of<ctp::UsageError>([&] { PictureRow(floats, 0).write(Image(2, 1)); }), "found 2 x 1"));
  CHECK(has(message_of<ctp::UsageError>([&] { PictureRow(floats, 0).write(std::vector<float>(11)); }),
            "expected 12 for 2 x 2, found 11"));
  CHECK(has(message_of<ctp::UsageError>([&] { PictureRow(pixels, 0).write(std::vector<float>(12)); }),
            "return Pictures::Floats"));
}

TEST_CASE("picture row: a batch resized from floats to pixels holds pixels only") {
  Batch batch = two_pictures(Pictures::Floats);
  batch.resize(2, 2, 2, Pictures::Pixels);
  CHECK(batch.images.empty());
  CHECK(batch.pixels.size() == 24);
}
