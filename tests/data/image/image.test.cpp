#include <ctp/data/image/image.hpp>

#include <doctest/doctest.h>

using ctp::data::Image;

TEST_CASE("image: rows are contiguous, three bytes a pixel") {
  Image image(4, 3);

  image.pixel(2, 1)[1] = 9;

  CHECK(image.rgb.size() == 36);
  CHECK(image.rgb[(1 * 4 + 2) * 3 + 1] == 9);
}

TEST_CASE("image: a side below one is a usage error that gives the size") {
  CHECK_THROWS_WITH_AS(Image(0, 3), "Image: size: expected sides of at least one pixel, found 0 x 3", ctp::UsageError);
  CHECK_THROWS_AS(Image(3, -1), ctp::UsageError);
}

TEST_CASE("image: a wrong number of bytes is a usage error with the size") {
  Image image(2, 2);
  image.rgb.pop_back();

  CHECK_THROWS_WITH_AS(ctp::data::require_pixels(image, "here"),
                       "here: image: expected width * height * 3 bytes, at least one pixel, found 11 bytes for 2 x 2",
                       ctp::UsageError);
  CHECK_THROWS_AS(ctp::data::require_pixels(Image{}, "here"), ctp::UsageError);
  CHECK_NOTHROW(ctp::data::require_pixels(Image(2, 2), "here"));
}
