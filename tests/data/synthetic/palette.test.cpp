#include <ctp/data/synthetic/palette.hpp>

#include <doctest/doctest.h>

using namespace ctp::data::synthetic;

TEST_CASE("palette: a hue turned by 120 degrees makes red green and leaves grey unchanged") {
  const Colour green = turn_hue({1, 0, 0}, 120.0F), grey = turn_hue({0.4F, 0.4F, 0.4F}, 77.0F);
  CHECK(green.r == doctest::Approx(0.0).epsilon(1e-5));
  CHECK(green.g == doctest::Approx(1.0).epsilon(1e-5));
  CHECK(green.b == doctest::Approx(0.0).epsilon(1e-5));
  CHECK(grey.r == doctest::Approx(0.4).epsilon(1e-5));
  CHECK(grey.b == doctest::Approx(0.4).epsilon(1e-5));
}

TEST_CASE("palette: a pattern is darker than a light body and lighter than a dark one") {
  const Colour on_white = second_tone({1, 1, 1}), on_black = second_tone({0, 0, 0});
  CHECK(on_white.r == doctest::Approx(0.48));
  CHECK(on_black.r == doctest::Approx(0.68));
  CHECK(luminance({1, 1, 1}) == doctest::Approx(1.0));
}
