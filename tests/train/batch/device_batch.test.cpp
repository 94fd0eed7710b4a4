#include <ctp/train/batch/device_batch.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <support/simulated_cuda.hpp>

#include <ctp/data/image/image.hpp>
#include <ctp/data/picture_row.hpp>
#include <ctp/encoder/initialize.hpp>
#include <ctp/objective/masked_language.hpp>

#include "train/engine_fixture.hpp"

namespace {

using Cpu = ctp::BasicCpu<double>;

/// Masked-language loss of a batch, and the capacity for masked positions.
struct Result {
  double loss = 0;
  ctp::Index capacity = 0;
};
class MaskedLanguageLoss {
 public:
  explicit MaskedLanguageLoss(const ctp::ModelConfig& config)
      : model_(config), theta_(ctp::initial_weights<double>(model_.layout(), 1)) {}
  Result operator()(const ctp::data::Batch& host) {
    tape_.rewind();
    batch_.load(host, model_.config());
    ctp::Step<test::Model<double>> step(model_, batch_, {theta_.data(), &tape_});
    return {*ctp::objective::MaskedLanguage{}.loss(step).value.data, batch_.masked_positions().row.size()};
  }

 private:
  test::Model<double> model_;
  std::vector<double> theta_;
  ctp::Tape<Cpu> tape_;
  ctp::DeviceBatch<Cpu> batch_;
};

std::string refusal(const ctp::data::Batch& host) {
  ctp::DeviceBatch<Cpu> batch;
  try {
    batch.load(host, test::micro);
  } catch (const ctp::UsageError& error) {
    return error.what();
  }
  return "";
}
/// The same batch with bytes for pictures.
ctp::data::Batch with_pixels(ctp::data::Batch batch, std::uint32_t seed) {
  batch.pixels.resize(batch.images.size());
  batch.images.clear();
  std::uint32_t state = seed;
  for (std::uint8_t& byte : batch.pixels)
    byte = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  return batch;
}

template <class B, class T>
std::vector<T> values(const T* from, std::size_t count) {
  std::vector<T> host(count);
  B::download(from, static_cast<ctp::Index>(count), host.data());
  return host;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE(
    "device_batch: a batch with every token masked raises the capacity, and its loss is the mean over the single "
    "positions") {
  const int pairs = 8, length = 8;
  ctp::data::Batch few = test::synthetic_batch(test::micro, pairs, length, 3), all = few;
  for (auto& label : few.labels) label = ctp::data::ignore_label;
  for (std::size_t i = 0; i < all.labels.size(); ++i) all.labels[i] = all.ids[i];
  MaskedLanguageLoss loss(test::micro);
  double sum = 0;
  ctp::Index room = 0;
  for (std::size_t i = 0; i < few.labels.size(); ++i) {
    ctp::data::Batch one = few;
    one.labels[i] = one.ids[i];
    const Result result = loss(one);
    sum += result.loss;
    room = result.capacity;
  }

  const Result together = loss(all);

  CHECK(room < pairs * length);
  CHECK(together.capacity == pairs * length);
  CHECK(together.loss == doctest::Approx(sum / (pairs * length)).epsilon(1e-12));
  CHECK(loss(few).capacity == pairs * length);  // for good
}

TEST_CASE("device_batch: a batch without masked positions has a masked-language loss of zero") {
  ctp::data::Batch batch = test::synthetic_batch(test::micro, 3, 7, 3);
  for (auto& label : batch.labels) label = ctp::data::ignore_label;

  CHECK(MaskedLanguageLoss(test::micro)(batch).loss == 0);
}

TEST_CASE("device_batch: the capacity for masked positions is six deviations above their mean, in multiples of eight") {
  const ctp::data::Batch batch = test::synthetic_batch(ctp::sizes::tiny, 32, 30, 1);
  ctp::data::Batch none = batch;
  for (auto& label : none.labels) label = ctp::data::ignore_label;
  ctp::DeviceBatch<Cpu> device;

  device.load(none, ctp::sizes::tiny);

  CHECK(device.masked_positions().row.size() ==
        208);  // 928 * 0.15 + 6 * sqrt(928 * 0.15 * 0.85) = 204.5, plus one, rounded up
}

TEST_CASE("device_batch: an unfit value is refused with its place and a remedy") {
  ctp::data::Batch batch = test::synthetic_batch(test::micro, 3, 7, 3);
  CHECK(refusal(batch).empty());

  batch.ids[9] = 40;
  CHECK(has(refusal(batch), "token 2 of pair 1 is not below the vocabulary's size 40"));
  batch = test::synthetic_batch(test::micro, 3, 7, 3);
  batch.masked[20] = -1;
  CHECK(has(refusal(batch), "token 6 of pair 2"));
  batch = test::synthetic_batch(test::micro, 3, 7, 3);
  batch.labels[3] = 40;
  CHECK(has(refusal(batch), "token 3 of pair 0"));
  CHECK(has(refusal(test::synthetic_batch(test::micro, 3, 9, 3)),
            "texts are 9 tokens long but the model has 8 positions"));
  ctp::ModelConfig larger = test::micro;
  larger.image = 12;
  CHECK(has(refusal(test::synthetic_batch(larger, 3, 7, 3)), "images are 12 pixels wide but the model takes 8"));
  CHECK(has(refusal(test::synthetic_batch(test::micro, 0, 7, 3)), "expected at least one pair"));
}

#define CTP_BACKENDS ctp::Cpu, Cpu, ctp::test::SimulatedCuda<float>, ctp::test::SimulatedCuda<double>

TEST_CASE_TEMPLATE("device_batch: bytes have the bits of the floats that they are normalised to on the host", B,
                   CTP_BACKENDS) {
  const ctp::data::Batch bytes = with_pixels(test::synthetic_batch(test::micro, 3, 7, 3), 1);
  ctp::data::Batch floats = bytes;
  floats.resize(3, test::micro.image, 7);
  const auto side = static_cast<std::size_t>(test::micro.image), picture = 3 * side * side;
  for (std::size_t b = 0; b < 3; ++b) {
    ctp::data::Image image(test::micro.image, test::micro.image);
    for (std::size_t i = 0; i < picture; ++i) image.rgb[i] = bytes.pixels[b * picture + i];
    ctp::data::PictureRow(floats, b).write(image);
  }
  ctp::DeviceBatch<B> device, beside;

  device.load(bytes, test::micro);
  beside.load(floats, test::micro);

  const auto images = values<B>(device.images().data, 3 * picture);
  CHECK(images == values<B>(beside.images().data, 3 * picture));
  CHECK(images[picture] == static_cast<typename B::Real>(floats.images[picture]));
}

TEST_CASE_TEMPLATE("device_batch: every part of each of several batches arrives, and addresses stay", B, CTP_BACKENDS) {
  using Real = typename B::Real;
  ctp::DeviceBatch<B> device;
  const void *words = nullptr, *pictures = nullptr;
  for (std::uint32_t turn = 0; turn < 5; ++turn) {
    CAPTURE(turn);
    ctp::data::Batch host = with_pixels(test::synthetic_batch(test::micro, 3, 7, 10 + turn, 5 * turn), turn);
    for (std::size_t i = 5; i < 7; ++i) host.attend[7 * (turn % 3) + i] = 0;
    if (turn == 3)
      host = [&] {  // pictures as floats in between
        ctp::data::Batch other = test::synthetic_batch(test::micro, 3, 7, 10 + turn, 5 * turn);
        other.attend = host.attend;
        return other;
      }();
    for (auto& label : host.labels)  // few enough for the room that there is from the beginning
      if (&label - host.labels.data() > 9) label = ctp::data::ignore_label;

    device.load(host, test::micro);

    std::vector<Real> token_weight, bias, label_weight;
    for (const std::int32_t attended : host.attend) {
      token_weight.push_back(attended != 0 ? static_cast<Real>(1.0 / 19) : Real(0));
      bias.push_back(attended != 0 ? Real(0) : Real(-10000));
    }
    std::vector<std::int32_t> row, target;
    for (std::size_t i = 0; i < host.labels.size(); ++i)
      if (host.labels[i] != ctp::data::ignore_label) {
        row.push_back(static_cast<std::int32_t>(i));
        target.push_back(host.labels[i]);
      }
    REQUIRE(!row.empty());
    label_weight.assign(row.size(), static_cast<Real>(1 / static_cast<double>(row.size())));
    const auto capacity = static_cast<std::size_t>(device.masked_positions().row.size());
    row.resize(capacity);
    target.resize(capacity);
    label_weight.resize(capacity);
    CHECK(values<B>(device.text().ids.data, 21) == host.ids);
    CHECK(values<B>(device.masked_text().ids.data, 21) == host.masked);
    CHECK(values<B>(device.text().key_bias.data, 21) == bias);
    CHECK(values<B>(device.sample(), 3) == host.sample);
    CHECK(values<B>(device.token_weights().data, 21) == token_weight);
    CHECK(values<B>(device.masked_positions().row.data, capacity) == row);
    CHECK(values<B>(device.masked_positions().target.data, capacity) == target);
    CHECK(values<B>(device.masked_positions().weight.data, capacity) == label_weight);
    const auto first = host.images.empty() ? (static_cast<float>(host.pixels[0]) / 255.0F - 0.48145466F) / 0.26862954F
                                           : host.images[0];
    CHECK(values<B>(device.images().data, 1)[0] == static_cast<Real>(first));
    if (turn > 0) CHECK(device.masked_positions().row.data == words);
    if (turn > 0) CHECK(device.images().data == pictures);
    words = device.masked_positions().row.data;
    pictures = device.images().data;
  }
}

TEST_CASE("device_batch: pictures must come in one form, and every vector in the batch's size") {
  const ctp::data::Batch floats = test::synthetic_batch(test::micro, 3, 7, 3), bytes = with_pixels(floats, 1);
  CHECK(refusal(bytes).empty());
  ctp::data::Batch batch = bytes;
  batch.images = floats.images;
  CHECK(has(refusal(batch), "found both; leave one of them empty"));
  batch = bytes;
  batch.pixels.clear();
  CHECK(has(refusal(batch), "found neither pixels nor images; fill one"));
  batch = bytes;
  batch.pixels.pop_back();
  CHECK(has(refusal(batch), "pixels: expected 576 values for its sizes, found 575"));
  batch = floats;
  batch.images.push_back(0);
  CHECK(has(refusal(batch), "images: expected 576 values for its sizes, found 577"));
  const auto refused = [&](auto member) {
    ctp::data::Batch cut = bytes;
    (cut.*member).pop_back();
    return refusal(cut);
  };
  CHECK(has(refused(&ctp::data::Batch::ids), "ids: expected 21 values for its sizes, found 20; Batch::resize()"));
  CHECK(has(refused(&ctp::data::Batch::attend), "attend: expected 21"));
  CHECK(has(refused(&ctp::data::Batch::masked), "masked: expected 21"));
  CHECK(has(refused(&ctp::data::Batch::labels), "labels: expected 21"));
  CHECK(has(refused(&ctp::data::Batch::sample), "sample: expected 3 values for its sizes, found 2"));
}
