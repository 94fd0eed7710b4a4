#include <ctp/data/image/tone.hpp>

#include <string>

#include <doctest/doctest.h>

#include <data/golden_operations.hpp>

namespace data = ctp::data;

TEST_CASE("tone: contrast and equalisation equal Pillow, or the published code under numpy, to the last bit") {
  golden::check_operations({"auto_contrast", "auto_contrast_published", "equalize"},
                           [](const std::string& name, const data::Image& image, double) {
                             if (name == "equalize") return data::equalize(image);
                             return data::auto_contrast(image, name == "auto_contrast_published");
                           });
}

TEST_CASE("tone: brightness and sharpness equal the published code under numpy and OpenCV to the last bit") {
  golden::check_operations({"brightness", "sharpness"},
                           [](const std::string& name, const data::Image& image, double by) {
                             return name == "brightness" ? data::brightness(image, by) : data::sharpness(image, by);
                           });
}

TEST_CASE("tone: the published contrast makes a channel white unless its darkest value is 0") {
  data::Image image(2, 1);
  image.rgb = {10, 0, 7, 30, 51, 7};

  CHECK(data::auto_contrast(image).rgb == std::vector<std::uint8_t>{0, 0, 7, 255, 255, 7});
  CHECK(data::auto_contrast(image, true).rgb == std::vector<std::uint8_t>{255, 0, 7, 255, 255, 7});
}
