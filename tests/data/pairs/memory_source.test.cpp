#include <ctp/data/pairs/memory_source.hpp>

#include <memory>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/data/loader/loader.hpp>

#include <data/synthetic_source.hpp>

using ctp::data::Image;
using ctp::data::MemorySource;
using test::has;
using test::message_of;

namespace {
/// A batch of one pair, written by the source.
ctp::data::Batch written(const MemorySource& source, std::uint32_t ordinal, int size,
                         ctp::RandomSubstream* augment = nullptr) {
  ctp::data::Batch batch;
  batch.resize(1, size, 2, source.pictures());
  source.image(ordinal, augment, ctp::data::PictureRow(batch, 0));
  return batch;
}
}  // namespace

TEST_CASE("memory source: pixels stay bytes, resized") {
  MemorySource source;
  source.add(Image(5, 4, 200), {2, 3});
  const ctp::data::Batch batch = written(source, 0, 2);
  CHECK(batch.images.empty());
  CHECK(batch.pixels == std::vector<std::uint8_t>(12, 200));
}

TEST_CASE("memory source: a source with normalised floats writes floats, unchanged") {
  MemorySource source;
  std::vector<float> floats(12);
  for (std::size_t i = 0; i < 12; ++i) floats[i] = static_cast<float>(i);
  CHECK(source.add(floats, 2, {2, 7, 3}, "floats") == 0);
  CHECK(source.add(Image(5, 4, 255), {2, 3}) == 1);
  CHECK(source.size() == 2);

  CHECK(written(source, 0, 2).pixels.empty());
  CHECK(written(source, 0, 2).images == floats);
  const std::vector<float> normalised = written(source, 1, 2).images;
  REQUIRE(normalised.size() == 12);
  CHECK(normalised[0] == doctest::Approx((1.0 - 0.48145466) / 0.26862954));
  CHECK(normalised[11] == doctest::Approx((1.0 - 0.40821073) / 0.27577711));

  CHECK(source.name(0) == "floats");
  CHECK(source.name(1) == "1");
  CHECK(source.name(9) == "9");
  CHECK(source.tokens(0).size() == 3);
  CHECK(source.tokens(0)[1] == 7);
}

TEST_CASE("memory source: pictures for training are augmented by the source's own settings") {
  Image image(4, 4, 0);
  for (std::size_t i = 0; i < image.rgb.size(); ++i) image.rgb[i] = static_cast<std::uint8_t>(5 * i);
  const auto augmented = [&](const ctp::data::Augmentation& settings) {
    MemorySource source(settings);
    source.add(image, {2, 3});
    ctp::RandomSubstream random(ctp::RandomStream(1, "augment"), {});
    return written(source, 0, 4, &random).pixels;
  };
  ctp::data::Augmentation mirror{
      .min_scale = 1, .min_ratio = 1, .max_ratio = 1, .flip = 1, .operations = {.operations = 0}};
  CHECK(augmented(mirror) == ctp::data::flip_horizontally(image).rgb);
  mirror.flip = 0;
  CHECK(augmented(mirror) == image.rgb);
}

TEST_CASE("memory source: normalised floats cannot be augmented or resized") {
  MemorySource source;
  source.add(std::vector<float>(12), 2, {2, 3}, "f");
  ctp::RandomSubstream random(ctp::RandomStream(1, "augment"), {});
  CHECK(has(message_of<ctp::UsageError>([&] { written(source, 0, 2, &random); }), "augmentation"));
  CHECK(has(message_of<ctp::UsageError>([&] { written(source, 0, 4); }), "image size 2"));
}

TEST_CASE("memory source: inconsistent sizes are refused") {
  MemorySource source;
  Image wrong(2, 2);
  wrong.rgb.pop_back();
  CHECK(has(message_of<ctp::DataError>([&] { source.add(wrong, {2, 3}, "w"); }), "found 11 for 2 by 2"));
  CHECK(has(message_of<ctp::DataError>([&] { source.add(Image(), {2, 3}); }), "found 0 for 0 by 0"));
  CHECK(has(message_of<ctp::DataError>([&] { source.add(std::vector<float>(11), 2, {2, 3}); }), "11 for size 2"));
  CHECK(source.size() == 0);
}

TEST_CASE("memory source: augmented batches are the same for any number of workers") {
  const auto source = std::make_shared<MemorySource>();
  for (int i = 0; i < 12; ++i) {
    Image image(9, 7);
    for (std::size_t k = 0; k < image.rgb.size(); ++k)
      image.rgb[k] = static_cast<std::uint8_t>(k * 31 + static_cast<std::size_t>(i));
    source->add(image, {2, 10 + i, 3});
  }
  ctp::data::Loader here(test::whole_task(source), test::small_options(0)),
      ahead(test::whole_task(source), test::small_options(2));
  CHECK((test::epoch_of(here, 2) == test::epoch_of(ahead, 2)));
  CHECK((test::epoch_of(here, 2) != test::epoch_of(ahead, 3)));
}
