#include <ctp/data/image/image_cache.hpp>

#include <doctest/doctest.h>

#include <ctp/core/error.hpp>

using ctp::data::Image;
using ctp::data::ImageCache;

TEST_CASE("image cache: a picture that fits is decoded once, any other at every call") {
  ImageCache cache(100);
  int decoded = 0;
  const auto get = [&](std::uint32_t ordinal, int side) {
    return cache.get(ordinal, [&] {
      ++decoded;
      return Image(side, side, static_cast<std::uint8_t>(ordinal));
    });
  };

  const auto first = get(1, 4);  // 48 bytes
  CHECK(get(1, 4) == first);
  CHECK(decoded == 1);
  CHECK(get(2, 4)->rgb[0] == 2);
  CHECK(cache.bytes() == 96);
  get(3, 4);
  get(3, 4);
  CHECK(decoded == 4);
  CHECK(cache.bytes() == 96);
  CHECK(get(1, 4) == first);  // no eviction
  CHECK(decoded == 4);
}

TEST_CASE("image cache: a budget of 0 keeps no picture, and a failure is not kept") {
  ImageCache none(0);
  int decoded = 0;
  for (int i = 0; i < 2; ++i) {
    none.get(0, [&] {
      ++decoded;
      return Image(1, 1);
    });
  }
  CHECK(decoded == 2);
  CHECK(none.bytes() == 0);

  ImageCache cache(100);
  CHECK_THROWS_AS(cache.get(0, []() -> Image { throw ctp::DataError("cut short"); }), ctp::DataError);
  CHECK(cache.get(0, [] { return Image(2, 1); })->width == 2);
}
