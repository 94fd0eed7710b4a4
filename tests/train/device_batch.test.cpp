#include <ctp/train/device_batch.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "made_training.hpp"

namespace {

using Cpu = ctp::BasicCpu<double>;

/// Masked-language loss of a batch, and how many positions its memory has room for.
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
    return {*ctp::objective::MaskedLanguage{}.loss(step).value.data, batch_.labelled().row.size()};
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
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE(
    "device_batch: a batch with every word asked for makes room for all, and its loss is the mean of each by itself") {
  const int pairs = 8, length = 8;
  ctp::data::Batch few = test::made_batch(test::micro, pairs, length, 3), all = few;
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

TEST_CASE("device_batch: a batch in which nothing is asked for has a masked-language loss of zero") {
  ctp::data::Batch batch = test::made_batch(test::micro, 3, 7, 3);
  for (auto& label : batch.labels) label = ctp::data::ignore_label;

  CHECK(MaskedLanguageLoss(test::micro)(batch).loss == 0);
  test::SeqF learner{test::Model<float>(test::micro)};
  learner.begin_task(1);
  const auto report = learner.step(batch);
  REQUIRE(report.parts.size() == 2);
  CHECK(report.parts[1].second == 0);
  CHECK(report.loss > 0);
}

TEST_CASE("device_batch: room for labels is six deviations above their mean, in multiples of eight") {
  const ctp::data::Batch batch = test::made_batch(ctp::sizes::tiny, 32, 30, 1);
  ctp::data::Batch none = batch;
  for (auto& label : none.labels) label = ctp::data::ignore_label;
  ctp::DeviceBatch<Cpu> device;

  device.load(none, ctp::sizes::tiny);

  CHECK(device.labelled().row.size() == 208);  // 928 * 0.15 + 6 * sqrt(928 * 0.15 * 0.85) = 204.5, plus one, rounded up
}

TEST_CASE("device_batch: what the model cannot take is refused with its place and a remedy") {
  ctp::data::Batch batch = test::made_batch(test::micro, 3, 7, 3);
  CHECK(refusal(batch).empty());

  batch.ids[9] = 40;
  CHECK(has(refusal(batch), "token 2 of pair 1 is not below the vocabulary's size 40"));
  batch = test::made_batch(test::micro, 3, 7, 3);
  batch.masked[20] = -1;
  CHECK(has(refusal(batch), "token 6 of pair 2"));
  batch = test::made_batch(test::micro, 3, 7, 3);
  batch.labels[3] = 40;
  CHECK(has(refusal(batch), "token 3 of pair 0"));
  CHECK(has(refusal(test::made_batch(test::micro, 3, 9, 3)), "texts are 9 tokens long but the model has 8 positions"));
  ctp::ModelConfig larger = test::micro;
  larger.image = 12;
  CHECK(has(refusal(test::made_batch(larger, 3, 7, 3)), "images are 12 pixels wide but the model takes 8"));
  CHECK(has(refusal(test::made_batch(test::micro, 0, 7, 3)), "expected at least one pair"));
}
