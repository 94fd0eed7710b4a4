#include <ctp/data/codec/encode.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/core/philox.hpp>
#include <ctp/data/codec/decode.hpp>

#include <data/golden_images.hpp>

namespace data = ctp::data;

namespace {

data::Image source() { return data::decode_image(golden::read("source.png"), "source.png"); }

double mean_distance(const data::Image& a, const data::Image& b) {
  REQUIRE(a.rgb.size() == b.rgb.size());
  double sum = 0.0;
  for (std::size_t i = 0; i < a.rgb.size(); ++i) sum += std::abs(int{a.rgb[i]} - int{b.rgb[i]});
  return sum / static_cast<double>(a.rgb.size());
}

std::uint64_t fnv(const std::vector<std::byte>& bytes) {
  std::uint64_t h = 0xCBF29CE484222325U;
  for (const std::byte b : bytes) h = (h ^ std::to_integer<std::uint64_t>(b)) * 0x100000001B3U;
  return h;
}

}  // namespace

TEST_CASE("encode: another decoder returns nearly the same picture, closer at higher quality") {
  const data::Image image = source();
  const auto loss = [&](int quality) {
    return mean_distance(image, data::decode_image(data::encode_jpeg(image, quality), "made"));
  };

  CHECK(loss(100) < 1.0);
  CHECK(loss(90) < 8.0);
  CHECK(loss(10) > loss(90));
  CHECK(data::encode_jpeg(image, 10).size() < data::encode_jpeg(image, 95).size());
}

TEST_CASE("encode: pictures of one colour and of odd sizes survive encoding and decoding") {
  for (const auto& [w, h] : {std::pair{1, 1}, {3, 17}, {33, 5}}) {
    const data::Image image(w, h, 120);
    CHECK(golden::distance(data::decode_image(data::encode_jpeg(image, 90), "made"), image) <= 1);
  }
}

TEST_CASE("encode: the same bytes with every compiler, optimisation and machine") {
  // Noise, so that a different rounding of any sum changes the file.
  data::Image noise(512, 512);
  ctp::RandomSubstream random(ctp::RandomStream(1, "noise"), {});
  for (std::uint8_t& byte : noise.rgb) byte = static_cast<std::uint8_t>(random.below(256));

  // Result of g++ 12 and clang 19 at -O0 and -O3, with and without fused multiply-add.
  CHECK(fnv(data::encode_jpeg(noise, 85)) == 4829402325652667437U);
  CHECK(fnv(data::encode_jpeg(noise, 95)) == 3877976844225839051U);
  CHECK(fnv(data::encode_jpeg(source(), 85)) == 6599435838460546749U);
}

TEST_CASE("encode: a quality or size outside the range of JPEG is a usage error") {
  const data::Image image(4, 4);

  CHECK_THROWS_WITH_AS(data::encode_jpeg(image, 0), "encode_jpeg: quality: expected 1 to 100, found 0",
                       ctp::UsageError);
  CHECK_THROWS_AS(data::encode_jpeg(image, 101), ctp::UsageError);
  CHECK_THROWS_AS(data::encode_jpeg(data::Image{}, 80), ctp::UsageError);
  CHECK_THROWS_AS(data::encode_jpeg(data::Image(65'536, 1), 80), ctp::UsageError);
}
