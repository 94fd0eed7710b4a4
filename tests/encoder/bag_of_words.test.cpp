#include <ctp/encoder/bag_of_words.hpp>

#include <algorithm>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/encoder/vit.hpp>
#include <ctp/testing/encoder.hpp>

#include "made_encoder.hpp"

namespace {
using test::B;
static_assert(ctp::encoder::TextEncoder<ctp::encoder::BagOfWords, B> &&
              !ctp::encoder::ImageEncoder<ctp::encoder::BagOfWords, B>);
using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::BagOfWords, B>;
using ctp::testing::micro;

std::vector<double> host(const ctp::Variable<2, B>& x) { return {x.value.data, x.value.data + x.value.size()}; }

/// Exactly one text, not masked.
ctp::data::Batch text(const std::vector<std::int32_t>& ids) {
  auto batch = ctp::testing::synthetic_batch(micro, 1, static_cast<int>(ids.size()));
  batch.ids = batch.masked = ids;
  for (std::size_t i = 0; i < ids.size(); ++i) batch.attend[i] = ids[i] != micro.pad;
  std::fill(batch.labels.begin(), batch.labels.end(), ctp::data::ignore_label);
  return batch;
}
}  // namespace

TEST_CASE("bag_of_words: shapes of tokens, fusion and word scores") {
  test::Made<Model> made(micro);
  CHECK(made.model.text_encoder().width() == 8);
  CHECK(made.outputs().text_tokens().value.shape == ctp::Shape<2>{3 * 5, 8});
  CHECK(made.outputs().fused().value.shape == ctp::Shape<2>{3, 8});
  CHECK(made.outputs().masked_scores().value.shape[1] == micro.vocab);
}

TEST_CASE("bag_of_words: the order of words moves their tokens and nothing else; padding does not count") {
  test::Made<Model> made(micro);
  const auto tokens = [&](const std::vector<std::int32_t>& ids) {
    made.tape.rewind();
    made.batch.load(text(ids), micro);
    return host(made.outputs().text_tokens());
  };
  const auto one = tokens({2, 7, 9, 3}), turned = tokens({2, 9, 7, 3}), padded = tokens({2, 7, 9, 3, 0, 0}),
             other = tokens({2, 7, 8, 3});
  const auto same = [](const std::vector<double>& a, std::size_t i, const std::vector<double>& b, std::size_t j) {
    for (std::size_t d = 0; d < 8; ++d)
      if (a[i * 8 + d] != doctest::Approx(b[j * 8 + d]).epsilon(1e-12)) return false;
    return true;
  };
  CHECK(same(one, 0, turned, 0));
  CHECK(same(one, 1, turned, 2));
  CHECK(same(one, 2, turned, 1));
  CHECK(!same(one, 1, turned, 1));
  for (std::size_t i = 0; i < 4; ++i) CHECK(same(one, i, padded, i));
  CHECK(!same(one, 0, other, 0));  // the class token knows the words
}

TEST_CASE("bag_of_words: the image is read from the fusion layer on, and only there") {
  test::Made<Model> made(micro);
  auto batch = text({2, 7, 9, 3});
  const auto outputs = [&] {
    made.tape.rewind();
    made.batch.load(batch, micro);
    auto found = made.outputs();
    return std::pair(host(found.text_tokens()), host(found.fused()));
  };
  const auto before = outputs();
  for (float& x : batch.images) x = -x;
  const auto after = outputs();
  CHECK(before.first == after.first);
  CHECK(before.second != after.second);
}

TEST_CASE("bag_of_words: the encoder is sound: gradients, shapes, padding, every pair by itself") {
  const reference::Threads one(1);
  const auto report = ctp::testing::check_encoders(Model(micro));
  CHECK_MESSAGE(report.ok, report.log);
}

TEST_CASE("bag_of_words: another reading of the same text has another dropout") {
  test::Made<Model> made(micro, 2);
  ctp::Buffer<double, B> gradient(made.model.layout().size());
  const auto with = [&](std::uint32_t first_lane) {
    made.tape.rewind();
    ctp::Pass<B> pass{made.theta.data(), &made.tape, gradient.data()};
    pass.dropout.probability = 0.5F;
    pass.dropout.key = ctp::RandomStream(0, "test").key;
    pass.dropout.sample = made.batch.sample();
    auto reading = made.batch.text();
    reading.first_lane = first_lane;
    return host(made.model.text_encoder()(pass, reading));
  };
  CHECK(with(0) == with(0));
  CHECK(with(0) != with(1U << 16U));
}
