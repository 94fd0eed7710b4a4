#include <ctp/data/codec/background.hpp>

#include <cmath>
#include <cstdint>
#include <optional>

#include <doctest/doctest.h>

#include <data/golden_alpha.hpp>
#include <data/golden_images.hpp>

namespace data = ctp::data;

TEST_CASE("background: composing is within one level of the exact mean, and exact at both ends") {
  for (int colour = 0; colour < 256; colour += 5) {
    for (int grey = 0; grey < 256; grey += 3) {
      CHECK(int{data::compose(std::uint8_t(colour), 0, std::uint8_t(grey))} == grey);
      CHECK(int{data::compose(std::uint8_t(colour), 255, std::uint8_t(grey))} == colour);
      for (int alpha = 1; alpha < 255; alpha += 7) {
        const double exact = (colour * alpha + grey * (255 - alpha)) / 255.0;
        CHECK(std::abs(data::compose(std::uint8_t(colour), std::uint8_t(alpha), std::uint8_t(grey)) - exact) <= 1.0);
      }
    }
  }
}

TEST_CASE("background: without one transparency is dropped, as in Pillow's convert RGB") {
  for (const auto& one : golden::alpha_cases(".png")) {
    CAPTURE(one.name);
    CHECK(data::decode_on(one.file, one.name, std::nullopt) == one.rgb);
    CHECK(data::decode_on(one.file, one.name, 77) == one.on_77);
    CHECK(data::has_transparency(data::decode_picture(one.file, one.name)) == one.transparent);
  }
  CHECK_FALSE(data::has_transparency(data::decode_picture(golden::read("rgb.png"), "rgb.png")));
  CHECK(data::decode_picture(golden::read("rgb.png"), "rgb.png").alpha.empty());
}
