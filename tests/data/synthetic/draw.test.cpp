#include <ctp/data/synthetic/draw.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include <doctest/doctest.h>

using namespace ctp::data::synthetic;
using ctp::data::Image;

namespace {

/// Without random variation, so that colours can be computed by hand.
Settings calm() {
  Settings s;
  s.jitter = 0;
  s.noise = 0;
  s.hue_dialect = 0;
  return s;
}

Item biscuit(int colour, int pattern) {
  Item item;
  item.industry = 2;
  item.attributes = {.kind = 0, .colour = colour, .pattern = pattern, .material = 2, .size = 1, .count = 0};
  return item;
}

double difference(const Image& a, const Image& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.rgb.size(); ++i) sum += std::abs(int{a.rgb[i]} - int{b.rgb[i]});
  return sum / static_cast<double>(a.rgb.size());
}

}  // namespace

TEST_CASE("draw: every part of every product lies within its bounds()") {
  for (const Industry& industry : industries()) {
    for (const Kind& kind : industry.kinds) {
      REQUIRE(!kind.parts().empty());
      for (const Part& part : kind.parts()) {
        const auto b = bounds(part);
        for (int i = 0; i <= 60; ++i) {
          for (int j = 0; j <= 60; ++j) {
            const float x = -1.5F + 0.05F * static_cast<float>(i), y = -1.5F + 0.05F * static_cast<float>(j);
            const bool inside_bounds = x >= b[0] - 1e-4F && x <= b[2] + 1e-4F && y >= b[1] - 1e-4F && y <= b[3] + 1e-4F;
            if (!inside_bounds) CHECK(distance(part, x, y) > 0.0F);
          }
        }
      }
    }
  }
}

TEST_CASE("draw: a plain product has the palette's colour") {
  for (int colour = 0; colour < max_colours; ++colour) {
    const Image image = draw(calm(), biscuit(colour, 0));
    // Between the chocolate drops, where the light is 1.06 - 0.14 * y and woven cloth changes it by 0.09.
    const std::uint8_t* found = image.pixel(48, 44);
    const Colour wanted = palette[static_cast<std::size_t>(colour)];
    CHECK(std::abs(found[0] - 255 * wanted.r) <= 255 * 0.19F);
    CHECK(std::abs(found[1] - 255 * wanted.g) <= 255 * 0.19F);
    CHECK(std::abs(found[2] - 255 * wanted.b) <= 255 * 0.19F);
  }
}

TEST_CASE("draw: every attribute changes the picture") {
  Item item = biscuit(0, 1);
  const Image image = draw(calm(), item);
  for (int Attributes::* field : {&Attributes::kind, &Attributes::colour, &Attributes::pattern, &Attributes::material,
                                  &Attributes::size, &Attributes::count, &Attributes::badge}) {
    Item other = item;
    other.attributes.*field = item.attributes.*field == 0 ? 1 : 0;
    CHECK(difference(image, draw(calm(), other)) > 1.0);
  }
}

TEST_CASE("draw: stripes have the requested period and cover half of the product") {
  double covered = 0;
  for (int y = 0; y < 120; ++y) covered += pattern_tone(1, 0.0F, static_cast<float>(y), 12.0F);
  CHECK(covered == doctest::Approx(60.0).epsilon(0.02));
  for (int pattern = 0; pattern < max_patterns; ++pattern) {
    for (int x = 0; x < 40; ++x) {
      const float tone = pattern_tone(pattern, static_cast<float>(x), 7.0F, 12.0F);
      CHECK(tone >= 0.0F);
      CHECK(tone <= 1.0F);
    }
  }
}

TEST_CASE("draw: a picture has the size of the settings and depends on seed, split and ordinal") {
  Settings s;
  s.image_size = 40;
  Item item = biscuit(3, 2);
  const Image image = draw(s, item);
  CHECK(image.width == 40);
  CHECK(image.height == 40);
  CHECK(image.rgb.size() == std::size_t{40 * 40 * 3});
  CHECK(image == draw(s, item));
  Item next = item, gallery = item;
  next.ordinal = 1;
  gallery.split = Split::Gallery;
  CHECK(image != draw(s, next));
  CHECK(image != draw(s, gallery));
  s.seed = 1;
  CHECK(image != draw(s, item));
}
