#include <ctp/data/image/resize.hpp>

#include <string>

#include <doctest/doctest.h>

#include <ctp/data/codec/decode.hpp>

#include <data/golden_images.hpp>

using ctp::data::Box;
using ctp::data::Image;
using ctp::data::resize_bicubic;

TEST_CASE("resize: equals Pillow to the last bit, shrinking, enlarging and cropping") {
  for (auto& line : golden::lines("resize")) {
    std::string file;
    Box box;
    int width = 0, height = 0;
    std::size_t at = 0;
    line >> file >> box.x0 >> box.y0 >> box.x1 >> box.y1 >> width >> height >> at;
    CAPTURE(file);
    CAPTURE(width);
    CAPTURE(height);
    const auto expected = golden::expected_image(at, width, height);

    const Image image = ctp::data::decode_image(golden::read(file), file);

    // Only libjpeg decodes the JPEG sources as Pillow did.
#if !defined(CTP_HAVE_LIBJPEG)
    if (file.ends_with(".jpg")) continue;
#endif
    CHECK(resize_bicubic(image, box, width, height) == expected);
    if (box == Box{0, 0, image.width, image.height}) CHECK(resize_bicubic(image, width, height) == expected);
  }
}

TEST_CASE("resize: a picture of one colour keeps it") {
  const Image grey(31, 57, 77);

  CHECK(resize_bicubic(grey, 64, 9) == Image(64, 9, 77));
}

TEST_CASE("resize: pixels outside the box have no influence") {
  Image image(20, 20, 255);
  for (int y = 4; y < 12; ++y) {
    for (int x = 3; x < 15; ++x) image.pixel(x, y)[1] = 10;
  }

  const Image part = resize_bicubic(image, {3, 4, 15, 12}, 7, 30);

  for (int y = 0; y < part.height; ++y) {
    for (int x = 0; x < part.width; ++x) REQUIRE(int{part.pixel(x, y)[1]} == 10);
  }
}

TEST_CASE("resize: an invalid box or size is a usage error that names it") {
  const Image image(20, 10);

  CHECK_THROWS_WITH_AS(resize_bicubic(image, {0, 0, 21, 10}, 5, 5),
                       "resize_bicubic: box: expected at least one pixel of 20 x 10, found (0, 0, 21, 10)",
                       ctp::UsageError);
  CHECK_THROWS_AS(resize_bicubic(image, {-1, 0, 5, 5}, 5, 5), ctp::UsageError);
  CHECK_THROWS_AS(resize_bicubic(image, {5, 5, 5, 9}, 5, 5), ctp::UsageError);
  CHECK_THROWS_AS(resize_bicubic(image, 0, 5), ctp::UsageError);
  CHECK_THROWS_AS(resize_bicubic(Image{}, 5, 5), ctp::UsageError);
}
