#include <ctp/encoder/convolutional.hpp>

#include <doctest/doctest.h>

#include <ctp/encoder/bert.hpp>
#include <ctp/testing/encoder.hpp>

#include "model_fixture.hpp"

namespace {
using test::B;
static_assert(ctp::encoder::ImageEncoder<ctp::encoder::Convolutional, B> &&
              !ctp::encoder::TextEncoder<ctp::encoder::Convolutional, B>);
using Model = ctp::VisionLanguageModel<ctp::encoder::Convolutional, ctp::encoder::Bert, B>;
constexpr ctp::ModelConfig sizes = [] {
  ctp::ModelConfig c = ctp::testing::micro;
  c.image = 8;
  c.patch = 4;
  c.vision_width = 6;
  return c;
}();
}  // namespace

TEST_CASE("convolutional: a class token, then one token for each patch") {
  test::ModelFixture<Model> fixture(sizes);
  CHECK(fixture.model.image_encoder().tokens() == 5);
  CHECK(fixture.model.image_encoder().width() == 6);
  const auto tokens = fixture.outputs().image_tokens().value;
  CHECK(tokens.shape == ctp::Shape<2>{3 * 5, 6});
}

TEST_CASE("convolutional: of a picture of one colour all tokens are the same, the mean too: a border is no edge") {
  test::ModelFixture<Model> fixture(sizes);
  auto batch = ctp::testing::synthetic_batch(sizes, 1, 5);
  for (std::size_t i = 0; i < batch.images.size(); ++i) batch.images[i] = static_cast<float>(i / 64);  // by channel
  fixture.batch.load(batch, sizes);
  const auto tokens = fixture.outputs().image_tokens().value;
  for (ctp::Index t = 1; t < 5; ++t)
    for (ctp::Index d = 0; d < 6; ++d) CHECK(tokens.data[t * 6 + d] == doctest::Approx(tokens.data[d]).epsilon(1e-12));
}

TEST_CASE("convolutional: a patch affects its own token, its neighbours and the class token") {
  ctp::ModelConfig wide = sizes;
  wide.image = 16;  // four by four patches
  test::ModelFixture<Model> fixture(wide, 1);
  const auto tokens = [&] {
    fixture.tape.rewind();
    const auto y = fixture.outputs().image_tokens().value;
    return std::vector<double>(y.data, y.data + y.size());
  };
  auto batch = ctp::testing::synthetic_batch(wide, 1, 5);
  fixture.batch.load(batch, wide);
  const auto before = tokens();
  batch.images[0] += 1;  // in the first patch
  fixture.batch.load(batch, wide);
  const auto after = tokens();
  const auto changed = [&](std::size_t token) {
    for (std::size_t d = 0; d < 6; ++d)
      if (before[token * 6 + d] != after[token * 6 + d]) return true;
    return false;
  };
  CHECK(changed(0));       // the mean
  CHECK(changed(1));       // the patch itself
  CHECK(changed(2));       // its neighbour, through the one block
  CHECK(!changed(3));      // the next but one
  CHECK(!changed(4 * 4));  // the opposite corner
}

TEST_CASE("convolutional: the encoder is sound: gradients, shapes, every pair by itself") {
  const reference::Threads single_thread(1);
  const auto report = ctp::testing::check_encoders(Model(sizes));
  CHECK_MESSAGE(report.ok, report.log);
}

TEST_CASE("convolutional: odd sizes and images of another size are refused") {
  ctp::ModelConfig odd = sizes;
  odd.image = 15;
  odd.patch = 5;
  CHECK_THROWS_WITH_AS(Model{odd}, doctest::Contains("model.patch: expected an even number, found 5"), ctp::UsageError);
  odd = sizes;
  odd.vision_width = 7;
  odd.vision_heads = 1;
  CHECK_THROWS_WITH_AS(Model{odd}, doctest::Contains("model.vision_width: expected an even number, found 7"),
                       ctp::UsageError);
  test::ModelFixture<Model> fixture(sizes);
  const std::vector<double> pixels(3 * 16 * 16);
  const ctp::Tensor<const double, 4, B> images{pixels.data(), {1, 3, 16, 16}};
  CHECK_THROWS_AS(fixture.model.image_encoder()(fixture.outputs().pass(), images), ctp::ShapeError);
}
