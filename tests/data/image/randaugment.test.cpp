#include <ctp/data/image/randaugment.hpp>

#include <array>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <data/golden_operations.hpp>

namespace data = ctp::data;
using data::AugmentOp;
using data::DrawnOp;

namespace {

ctp::RandomSubstream substream(std::uint32_t sample) { return {ctp::RandomStream(7, "augment"), {.sample = sample}}; }
data::Image source() { return data::decode_image(golden::read("source.png"), "source.png"); }

}  // namespace

TEST_CASE("randaugment: at magnitude 5 every operation equals the published code to the last bit") {
  golden::check_operations({"auto_contrast", "auto_contrast_published", "equalize", "shear_x", "shear_y", "translate_x",
                            "translate_y", "rotate"},
                           [](const std::string& name, const data::Image& image, double value) {
                             const std::vector<std::pair<std::string, AugmentOp>> ops{
                                 {"auto_contrast", AugmentOp::AutoContrast},
                                 {"auto_contrast_published", AugmentOp::AutoContrast},
                                 {"equalize", AugmentOp::Equalize},
                                 {"shear_x", AugmentOp::ShearX},
                                 {"shear_y", AugmentOp::ShearY},
                                 {"translate_x", AugmentOp::TranslateX},
                                 {"translate_y", AugmentOp::TranslateY},
                                 {"rotate", AugmentOp::Rotate}};
                             data::RandAugment settings;
                             settings.published = name == "auto_contrast_published";
                             if (value == 3.3) settings.magnitude = 3.3;  // the two records at another strength
                             if (value == 21) settings.magnitude = 7;
                             for (const auto& [key, op] : ops) {
                               if (key == name) return data::apply_operation(image, op, settings, value < 0);
                             }
                             return data::Image{};
                           });
}

TEST_CASE("randaugment: at magnitude 5 identity, brightness and sharpness change nothing") {
  const data::Image image = source();
  for (const AugmentOp op : {AugmentOp::Identity, AugmentOp::Brightness, AugmentOp::Sharpness}) {
    CHECK(data::apply_operation(image, op, {}, false) == image);
  }
  for (const AugmentOp op : {AugmentOp::Brightness, AugmentOp::Sharpness}) {
    CHECK(data::apply_operation(image, op, {.magnitude = 6}, false) != image);
  }
}

TEST_CASE("randaugment: all ten operations are drawn equally often, and half of them applied") {
  std::array<int, data::augment_op_count> counts{};
  int applied = 0, negative = 0;
  constexpr int pictures = 20'000;
  for (std::uint32_t sample = 0; sample < pictures; ++sample) {
    auto place = substream(sample);
    const auto drawn = data::draw_operations({}, place);
    REQUIRE(drawn.size() == 2);
    for (const DrawnOp& d : drawn) {
      ++counts[static_cast<std::size_t>(d.op)];
      applied += d.applied ? 1 : 0;
      negative += d.negative ? 1 : 0;
    }
  }
  // Five standard deviations of a binomial count.
  for (const int count : counts) CHECK(count == doctest::Approx(4000).epsilon(0.075));
  CHECK(applied == doctest::Approx(20'000).epsilon(0.025));
  CHECK(negative == doctest::Approx(20'000).epsilon(0.025));
}

TEST_CASE("randaugment: a picture goes through the drawn operations in order") {
  const data::Image image = source();
  for (std::uint32_t sample = 0; sample < 40; ++sample) {
    auto first = substream(sample), second = substream(sample);
    data::Image expected = image;
    for (const DrawnOp& d : data::draw_operations({.operations = 3}, first)) {
      if (d.applied) expected = data::apply_operation(expected, d.op, {}, d.negative);
    }

    CHECK(data::rand_augment(image, {.operations = 3}, second) == expected);
    CHECK(first.word() == second.word());
  }
}

TEST_CASE("randaugment: settings out of range are a usage error") {
  auto place = substream(0);
  CHECK_THROWS_AS(data::draw_operations({.operations = -1}, place), ctp::UsageError);
  CHECK_THROWS_AS(data::draw_operations({.magnitude = 10.5}, place), ctp::UsageError);
  CHECK_THROWS_AS(data::draw_operations({.probability = 1.5}, place), ctp::UsageError);
}
