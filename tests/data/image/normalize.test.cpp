#include <ctp/data/image/normalize.hpp>

#include <cstring>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/data/codec/decode.hpp>

#include <data/golden_images.hpp>

TEST_CASE("normalize: equals torchvision to the last bit for all 256 values of each channel") {
  for (auto& line : golden::lines("normalize")) {
    std::string file;
    std::size_t at = 0;
    line >> file >> at;
    const ctp::data::Image image = ctp::data::decode_image(golden::read(file), file);
    std::vector<float> expected(image.rgb.size()), out(image.rgb.size());
    std::memcpy(expected.data(), golden::expected(at, expected.size() * 4).data(), expected.size() * 4);

    ctp::data::normalize_chw(image, out.data());

    CHECK(out == expected);
  }
}

TEST_CASE("normalize: the result is planar, and the mean becomes zero") {
  ctp::data::Image image(2, 1);
  image.rgb = {255, 0, 0, 0, 255, 0};
  std::vector<float> out(6);

  ctp::data::normalize_chw(image, out.data());

  CHECK(out[0] == doctest::Approx((1 - 0.48145466) / 0.26862954));
  CHECK(out[1] == doctest::Approx(-0.48145466 / 0.26862954));
  CHECK(out[2] == doctest::Approx(-0.4578275 / 0.26130258));
  CHECK(out[3] == doctest::Approx((1 - 0.4578275) / 0.26130258));
  CHECK(out[4] == doctest::Approx(-0.40821073 / 0.27577711));
}
