#include <ctp/data/image/augment.hpp>

#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/data/codec/decode.hpp>

#include <data/golden_images.hpp>

namespace data = ctp::data;

namespace {

ctp::RandomSubstream substream(std::uint32_t sample, std::uint32_t epoch = 0) {
  return {ctp::RandomStream(11, "augment"), {.epoch = epoch, .sample = sample}};
}
data::Image source() { return data::decode_image(golden::read("source.png"), "source.png"); }

}  // namespace

TEST_CASE("augment: crops have the mean size, place and area of torchvision's") {
  for (auto& line : golden::lines("crop")) {
    int width = 0, height = 0;
    double w = 0, h = 0, x = 0, y = 0, area = 0;
    line >> width >> height >> w >> h >> x >> y >> area;
    CAPTURE(width);
    CAPTURE(height);
    double w_sum = 0, h_sum = 0, x_sum = 0, y_sum = 0, area_sum = 0;
    constexpr std::uint32_t draws = 40'000;

    for (std::uint32_t sample = 0; sample < draws; ++sample) {
      auto place = substream(sample);
      const data::Box box = data::random_crop(width, height, {}, place);
      REQUIRE(
          (box.x0 >= 0 && box.y0 >= 0 && box.x0 < box.x1 && box.y0 < box.y1 && box.x1 <= width && box.y1 <= height));
      w_sum += box.width(), h_sum += box.height(), x_sum += box.x0, y_sum += box.y0;
      area_sum += static_cast<double>(box.width()) * box.height() / (static_cast<double>(width) * height);
    }

    // Both sides are means of 40,000 draws: 1 % of the side is more than five standard errors of either.
    CHECK(std::abs(w_sum / draws - w) < 0.01 * width);
    CHECK(std::abs(h_sum / draws - h) < 0.01 * height);
    CHECK(std::abs(x_sum / draws - x) < 0.01 * width);
    CHECK(std::abs(y_sum / draws - y) < 0.01 * height);
    CHECK(std::abs(area_sum / draws - area) < 0.01);
  }
}

TEST_CASE("augment: a strip too narrow for any crop gives its middle") {
  auto place = substream(0);
  CHECK(data::random_crop(1000, 6, {}, place) == data::Box{496, 0, 504, 6});
  CHECK(data::random_crop(6, 1000, {}, place) == data::Box{0, 496, 6, 504});
  CHECK(data::random_crop(1, 1, {}, place) == data::Box{0, 0, 1, 1});
}

TEST_CASE("augment: a flip exchanges left and right, and two flips give the picture") {
  data::Image image(3, 1);
  image.rgb = {1, 2, 3, 4, 5, 6, 7, 8, 9};

  CHECK(data::flip_horizontally(image).rgb == std::vector<std::uint8_t>{7, 8, 9, 4, 5, 6, 1, 2, 3});
  CHECK(data::flip_horizontally(data::flip_horizontally(source())) == source());
}

TEST_CASE("augment: training is crop, resizing, flip and RandAugment, in this order from one substream") {
  const data::Image image = source();
  int mirrored = 0;
  for (std::uint32_t sample = 0; sample < 60; ++sample) {
    auto first = substream(sample), second = substream(sample);
    const data::Box box = data::random_crop(image.width, image.height, {}, first);
    data::Image expected = data::resize_bicubic(image, box, 24, 24);
    if (first.uniform() < 0.5) {
      expected = data::flip_horizontally(expected);
      ++mirrored;
    }
    expected = data::rand_augment(expected, {}, first);

    CHECK(data::augment_for_training(image, 24, second) == expected);
  }
  CHECK((mirrored > 15 && mirrored < 45));
}

TEST_CASE("augment: the result depends on the place in the run alone") {
  const data::Image image = source();
  auto a = substream(5), again = substream(5), other_sample = substream(6), other_epoch = substream(5, 1);
  const data::Image picture = data::augment_for_training(image, 32, a);

  CHECK(data::augment_for_training(image, 32, again) == picture);
  CHECK(data::augment_for_training(image, 32, other_sample) != picture);
  CHECK(data::augment_for_training(image, 32, other_epoch) != picture);
}

TEST_CASE("augment: evaluation resizes the whole picture without a crop") {
  const data::Image image = source();

  CHECK(data::resize_for_test(image, 32) == data::resize_bicubic(image, 32, 32));
}

TEST_CASE("augment: settings out of range are a usage error") {
  auto place = substream(0);
  data::Augmentation none, inverted;
  none.min_scale = 0.0;
  inverted.min_ratio = 2.0;
  CHECK_THROWS_AS(data::random_crop(10, 10, none, place), ctp::UsageError);
  CHECK_THROWS_AS(data::random_crop(10, 10, inverted, place), ctp::UsageError);
  CHECK_THROWS_AS(data::augment_for_training(data::Image{}, 8, place), ctp::UsageError);
  CHECK_THROWS_AS(data::augment_for_training(source(), 0, place), ctp::UsageError);
}
