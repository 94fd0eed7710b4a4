#include <ctp/data/image/affine.hpp>

#include <string>

#include <doctest/doctest.h>

#include <data/golden_operations.hpp>

namespace data = ctp::data;

TEST_CASE("affine: shears, shifts and rotations equal OpenCV to the last bit") {
  golden::check_operations({"shear_x", "shear_y", "translate_x", "translate_y", "rotate"},
                           [](const std::string& name, const data::Image& image, double value) {
                             if (name == "shear_x") return data::warp_affine(image, data::shear_x(value));
                             if (name == "shear_y") return data::warp_affine(image, data::shear_y(value));
                             if (name == "translate_x") return data::warp_affine(image, data::translate_x(value));
                             if (name == "translate_y") return data::warp_affine(image, data::translate_y(value));
                             return data::warp_affine(image, data::rotation(value, image.width, image.height));
                           });
}

TEST_CASE("affine: a shift by whole pixels moves columns and fills the others") {
  data::Image image(3, 1);
  image.rgb = {1, 2, 3, 4, 5, 6, 7, 8, 9};

  const data::Image moved = data::warp_affine(image, data::translate_x(2), 128);

  CHECK(moved.rgb == std::vector<std::uint8_t>{7, 8, 9, 128, 128, 128, 128, 128, 128});
}

TEST_CASE("affine: a quarter turn of a square is the transposed picture with reversed rows, except at its border") {
  // The centre is (n / 2, n / 2), half a pixel off the middle, so one row and one column lie outside the picture.
  data::Image image(4, 4);
  for (std::size_t i = 0; i < image.rgb.size(); ++i) image.rgb[i] = static_cast<std::uint8_t>(i);

  const data::Image turned = data::warp_affine(image, data::rotation(90, 4, 4), 200);

  for (int y = 1; y < 4; ++y) {
    for (int x = 0; x < 4; ++x) CHECK(int{turned.pixel(x, y)[0]} == int{image.pixel(4 - y, x)[0]});
  }
  CHECK(int{turned.pixel(1, 0)[0]} == 200);
}
