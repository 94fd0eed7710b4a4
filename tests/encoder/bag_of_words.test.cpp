#include <ctp/encoder/bag_of_words.hpp>

#include <algorithm>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/encoder/vit.hpp>
#include <ctp/testing/encoder.hpp>

#include "model_fixture.hpp"

namespace {
using test::B;
static_assert(ctp::encoder::TextEncoder<ctp::encoder::BagOfWords, B> &&
              !ctp::encoder::ImageEncoder<ctp::encoder::BagOfWords, B>);
static_assert(first_dropout_id(ctp::encoder::Reading::Text) == 0 &&
              first_dropout_id(ctp::encoder::Reading::Masked) == 65536 &&
              first_dropout_id(ctp::encoder::Reading::Fused) == 131072);
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
  test::ModelFixture<Model> fixture(micro);
  CHECK(fixture.model.text_encoder().width() == 8);
  CHECK(fixture.outputs().text_tokens().value.shape == ctp::Shape<2>{3 * 5, 8});
  CHECK(fixture.outputs().fused().value.shape == ctp::Shape<2>{3, 8});
  CHECK(fixture.outputs().masked_scores().value.shape[1] == micro.vocab);
}

TEST_CASE("bag_of_words: a permutation of words permutes their tokens only; padding has no effect") {
  test::ModelFixture<Model> fixture(micro);
  const auto tokens = [&](const std::vector<std::int32_t>& ids) {
    fixture.tape.rewind();
    fixture.batch.load(text(ids), micro);
    return host(fixture.outputs().text_tokens());
  };
  const auto original = tokens({2, 7, 9, 3}), permuted = tokens({2, 9, 7, 3}), padded = tokens({2, 7, 9, 3, 0, 0}),
             other = tokens({2, 7, 8, 3});
  const auto same = [](const std::vector<double>& a, std::size_t i, const std::vector<double>& b, std::size_t j) {
    for (std::size_t d = 0; d < 8; ++d)
      if (a[i * 8 + d] != doctest::Approx(b[j * 8 + d]).epsilon(1e-12)) return false;
    return true;
  };
  CHECK(same(original, 0, permuted, 0));
  CHECK(same(original, 1, permuted, 2));
  CHECK(same(original, 2, permuted, 1));
  CHECK(!same(original, 1, permuted, 1));
  for (std::size_t i = 0; i < 4; ++i) CHECK(same(original, i, padded, i));
  CHECK(!same(original, 0, other, 0));  // the class token depends on the words
}

TEST_CASE("bag_of_words: image tokens affect the fused text only") {
  test::ModelFixture<Model> fixture(micro);
  auto batch = text({2, 7, 9, 3});
  const auto outputs = [&] {
    fixture.tape.rewind();
    fixture.batch.load(batch, micro);
    auto outputs_now = fixture.outputs();
    return std::pair(host(outputs_now.text_tokens()), host(outputs_now.fused()));
  };
  const auto before = outputs();
  for (float& x : batch.images) x = -x;
  const auto after = outputs();
  CHECK(before.first == after.first);
  CHECK(before.second != after.second);
}

TEST_CASE("bag_of_words: the encoder is sound: gradients, shapes, padding, every pair by itself") {
  const reference::Threads single_thread(1);
  const auto report = ctp::testing::check_encoders(Model(micro));
  CHECK_MESSAGE(report.ok, report.log);
}

TEST_CASE("bag_of_words: each reading of the same text has its own dropout masks") {
  test::ModelFixture<Model> fixture(micro, 2);
  ctp::Buffer<double, B> gradient(fixture.model.layout().size());
  const auto with = [&](ctp::encoder::Reading reading) {
    fixture.tape.rewind();
    ctp::Pass<B> pass{fixture.theta.data(), &fixture.tape, gradient.data()};
    pass.dropout.probability = 0.5F;
    pass.dropout.key = ctp::RandomStream(0, "test").key;
    pass.dropout.sample = fixture.batch.sample();
    auto text_input = fixture.batch.text();
    text_input.reading = reading;
    return host(fixture.model.text_encoder()(pass, text_input));
  };
  using enum ctp::encoder::Reading;
  CHECK(with(Text) == with(Text));
  CHECK(with(Text) != with(Masked));
  CHECK(with(Text) != with(Fused));
  CHECK(with(Masked) != with(Fused));
}
