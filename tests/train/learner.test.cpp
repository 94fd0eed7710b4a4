#include <ctp/train/learner.hpp>

#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/data/pairs/memory_source.hpp>

#include <ctp/momentum/ema.hpp>
#include <ctp/strategy/jointt.hpp>

#include "training_fixture.hpp"

template class ctp::Learner<ctp::strategy::SeqF, test::Model<float>>;  // compiles every member
template class ctp::Learner<ctp::strategy::Ctp, test::Model<float>>;

namespace {

using test::Batches;
using test::micro;
using test::snapshot;

struct Record final : ctp::Observer {
  void task_begins(std::uint32_t task, const std::string& name, std::uint64_t steps) override {
    tasks.push_back(std::to_string(task) + " " + name + " " + std::to_string(steps));
  }
  void step_done(const ctp::StepReport& report) override {
    reports.push_back(report);
    reports.back().parts = {};
    losses.push_back(report.loss);
    double sum = 0;
    std::string names;
    for (const auto& [name, value] : report.parts) {
      sum += value;
      names += std::string(names.empty() ? "" : " ") + name;
    }
    parts.push_back(names);
    sums.push_back(sum);
  }
  std::vector<std::string> tasks, parts;
  std::vector<ctp::StepReport> reports;
  std::vector<double> losses, sums;
};

/// Two tasks of two batches, each twice; returns the weights.
template <class Learner>
auto train(const ctp::ModelConfig& config, Record& record, int threads, std::uint64_t seed = 5, int pairs = 4) {
  const int before = ctp::threads();
  ctp::set_threads(threads);
  Learner learner(typename Learner::Model(config), {.epochs = 2, .rate = 1e-2, .min_rate = 1e-3, .seed = seed});
  learner.observe(record);
  for (const std::uint64_t task : {1U, 2U}) {
    Batches batches(config, 2, pairs, 7, task);
    learner.learn(batches, "task " + std::to_string(task));
  }
  ctp::set_threads(before);
  return learner.weights();
}
template <class Real>
bool same_bits(const std::vector<Real>& a, const std::vector<Real>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(Real)) == 0;
}

/// Large enough that products, attention and the passes over parameters are split among threads.
constexpr ctp::ModelConfig wide{.image = 24,
                                .patch = 2,
                                .vision_width = 24,
                                .vision_depth = 1,
                                .vision_heads = 2,
                                .vocab = 800,
                                .text_width = 24,
                                .text_layers = 2,
                                .fusion_layer = 1,
                                .text_heads = 2,
                                .intermediate = 800,
                                .positions = 12,
                                .embed = 12,
                                .queue = 16};

}  // namespace

TEST_CASE_TEMPLATE("learner: the same seed gives the same bits, another seed others", Learner, test::SeqF, test::Ctp) {
  Record a, b, c;

  const auto first = train<Learner>(micro, a, 1), again = train<Learner>(micro, b, 1),
             other = train<Learner>(micro, c, 1, 6);

  CHECK(same_bits(first, again));
  CHECK(same_bits(a.losses, b.losses));
  CHECK(!same_bits(first, other));
  for (const float w : first) REQUIRE(std::isfinite(w));
}

TEST_CASE_TEMPLATE("learner: one thread and two give the same bits, dropout included", Learner, test::SeqF, test::Ctp) {
  Record one, two;

  const auto alone = train<Learner>(wide, one, 1), shared = train<Learner>(wide, two, 2);

  CHECK(one.losses.size() == 8);
  CHECK(same_bits(alone, shared));
  CHECK(same_bits(one.losses, two.losses));
}

TEST_CASE("learner: an observer hears of every task and step, and the loss is the sum of its parts") {
  Record record;

  train<test::SeqF>(micro, record, 1);

  CHECK(record.tasks == std::vector<std::string>{"0 task 1 4", "1 task 2 4"});
  REQUIRE(record.reports.size() == 8);
  const ctp::StepReport& first = record.reports[0];
  const ctp::StepReport& sixth = record.reports[6];
  CHECK(first.rate == doctest::Approx(1e-2));
  CHECK(first.pairs == 4);
  CHECK(sixth.task == 1);
  CHECK(sixth.epoch == 1);
  CHECK(sixth.step == 2);
  CHECK(sixth.steps == 4);
  CHECK(sixth.global_step == 6);
  CHECK(sixth.rate == doctest::Approx(1e-3 + 0.5 * 9e-3));  // half-way down the cosine, begun anew
  for (std::size_t i = 0; i < 8; ++i) CHECK(record.losses[i] == doctest::Approx(record.sums[i]).epsilon(1e-5));
}

TEST_CASE("learner: losses that need the previous model are silent on the first task") {
  Record record;

  train<test::Ctp>(micro, record, 1);

  CHECK(record.parts[0] == "in_batch_contrast masked_language momentum_contrast masked_language_distillation");
  CHECK(record.parts[3] == record.parts[0]);
  CHECK(record.parts[4] ==
        "in_batch_contrast masked_language momentum_contrast cross_modal_topology same_modal_topology "
        "masked_language_distillation");
}

TEST_CASE("learner: the topology losses are zero while the online model still is the previous one") {
  ctp::ModelConfig config = micro;
  config.dropout = 0;
  test::Ctp learner{test::Model<float>(config)};
  Batches task(config, 1, 4, 7, 1);
  learner.learn(task, "");
  learner.begin_task(2);
  const auto part = [&](const ctp::StepReport& report, const std::string& wanted) {
    for (const auto& [name, value] : report.parts)
      if (wanted == name) return value;
    return std::nan("");
  };

  const auto report = learner.step(task.list[0]);
  const double cross = part(report, "cross_modal_topology"), same = part(report, "same_modal_topology");
  const double later = part(learner.step(task.list[0]), "cross_modal_topology");

  CHECK(std::abs(cross) < 1e-5);
  CHECK(std::abs(same) < 1e-5);
  CHECK(later > 1e-7);  // then it moves away
}

TEST_CASE("learner: previous and momentum weights exist only where a strategy needs them") {
  struct Average : ctp::strategy::SeqF {
    using Momentum = ctp::momentum::Ema;
  };
  const test::SeqF plain{test::Model<float>(micro)};
  const test::Ctp full{test::Model<float>(micro)};

  CHECK(plain.thetas().previous() == nullptr);
  CHECK(plain.thetas().momentum() == nullptr);
  REQUIRE(full.thetas().previous() != nullptr);
  CHECK(full.thetas().previous() == full.thetas().online() + full.thetas().size());
  CHECK(full.thetas().momentum() == full.thetas().online() + 2 * full.thetas().size());
  static_assert(!test::SeqF::keeps_previous && !test::SeqF::keeps_momentum);
  static_assert(test::Ctp::keeps_previous && test::Ctp::keeps_momentum);
  static_assert(!ctp::Learner<Average, test::Model<float>>::keeps_previous);
  static_assert(ctp::Learner<Average, test::Model<float>>::keeps_momentum);
}

TEST_CASE("learner: a task begins with the previous and the momentum model equal to the online one") {
  test::Ctp learner{test::Model<float>(micro)};
  Batches task(micro, 2, 4, 7, 1);
  learner.begin_task(2);
  learner.step(task.list[0]);
  const std::vector<float> before = learner.weights();
  learner.end_task();
  learner.begin_task(2);

  const auto n = static_cast<std::size_t>(learner.thetas().size());
  CHECK(std::memcmp(learner.thetas().previous(), before.data(), n * sizeof(float)) == 0);
  CHECK(std::memcmp(learner.thetas().momentum(), before.data(), n * sizeof(float)) == 0);
  learner.step(task.list[1]);
  CHECK(std::memcmp(learner.thetas().previous(), before.data(), n * sizeof(float)) == 0);  // frozen
  CHECK(std::memcmp(learner.thetas().online(), before.data(), n * sizeof(float)) != 0);
}

TEST_CASE("learner: visit reaches all that changes, so a new learner goes on where another stopped, bit for bit") {
  const ctp::TrainOptions options{.epochs = 2, .rate = 1e-2, .seed = 3};
  test::Ctp learner{test::Model<float>(micro), options};
  Batches first(micro, 2, 4, 7, 1), second(micro, 3, 4, 7, 2);
  learner.learn(first, "");
  learner.begin_task(3);
  learner.step(second.list[0]);

  test::Snapshot saved = snapshot(learner);
  test::Ctp other{test::Model<float>(micro), options};
  test::Restore restore{saved};
  other.visit(restore);
  learner.step(second.list[1]);
  other.step(second.list[1]);
  const double loss = learner.step(second.list[2]).loss;

  CHECK(other.step(second.list[2]).loss == loss);
  CHECK(snapshot(other).values == snapshot(learner).values);
  std::string names;
  for (const auto& [name, value] : saved.values) names += name + " ";
  CHECK(names ==
        "theta image_queue text_queue queue_ptr adamw.first adamw.second adamw.steps tasks_seen task_step task_steps "
        "global_step momentum_steps position.first_task position.tasks position.in_task position.epochs "
        "position.epoch_steps "
        "position.epoch position.epoch_begun position.epoch_first position.bad_pairs "
        "last_report.there last_report.task last_report.epoch last_report.step last_report.global_step "
        "last_report.steps last_report.rate last_report.loss last_report.pairs last_report.gradient_norm "
        "guard.faults guard.copied_at guard.losses guard.norms guard.copy "
        "vocabulary.tokens vocabulary.pad vocabulary.unk vocabulary.cls vocabulary.sep vocabulary.mask "
        "vocabulary.fingerprint ");
}

TEST_CASE("learner: settings are visited by the name of their policy") {
  test::Ctp learner{test::Model<float>(micro)};
  std::string names;
  learner.settings([&](const std::string& key, auto& value) {
    names += key + " ";
    if constexpr (std::is_same_v<decltype(value), double&>)
      if (key == "momentum.decay") value = 0.25;
    if constexpr (std::is_same_v<decltype(value), int&>)
      if (key == "schedule.warmup_steps") value = 7;
  });

  CHECK(learner.momentum().decay == 0.25);
  CHECK(learner.schedule().warmup_steps == 7);
  for (const char* key : {"in_batch_contrast.weight", "masked_language.weight", "momentum_contrast.weight",
                          "cross_modal_topology.weight", "same_modal_topology.weight",
                          "masked_language_distillation.weight", "momentum.first_task_decay", "optimizer.weight_decay"})
    CHECK(names.find(std::string(key) + " ") != std::string::npos);
}

TEST_CASE("learner: weights of another length are refused") {
  test::SeqF learner{test::Model<float>(micro)};

  CHECK_THROWS_AS(learner.set_weights(std::vector<float>(3)), ctp::ShapeError);
}

TEST_CASE("learner: the queue takes a batch's momentum features at its pointer and is used in whole batches") {
  test::Ctp learner{test::Model<float>(micro)};  // a queue of 10
  Batches task(micro, 3, 4, 7, 1);
  const auto value = [&](const char* wanted) {
    for (const auto& [name, values] : snapshot(learner).values)
      if (name == wanted) return values;
    return std::vector<double>{};
  };
  const std::size_t e = 6;
  learner.begin_task(3);
  const auto start = value("image_queue");
  const auto changed = [&](const std::vector<double>& from) {
    std::string rows;
    const auto now = value("image_queue");
    for (std::size_t i = 0; i < 10; ++i)
      rows += std::memcmp(now.data() + i * e, from.data() + i * e, e * sizeof(double)) == 0 ? '.' : 'x';
    return rows;
  };

  learner.step(task.list[0]);
  CHECK(value("queue_ptr")[0] == 4);
  CHECK(changed(start) == "xxxx......");
  learner.step(task.list[1]);
  CHECK(value("queue_ptr")[0] == 0);  // 8 of 10 rows serve batches of 4
  CHECK(changed(start) == "xxxxxxxx..");
  const auto filled = value("image_queue");
  learner.step(task.list[2]);
  CHECK(changed(filled) == "xxxx......");
  double squares = 0;
  for (std::size_t j = 0; j < e; ++j) squares += filled[5 * e + j] * filled[5 * e + j];
  CHECK(squares == doctest::Approx(1));
}

TEST_CASE("learner: a queue shorter than the batch is refused with a remedy") {
  ctp::ModelConfig config = micro;
  config.queue = 3;
  test::Ctp learner{test::Model<float>(config)};
  learner.begin_task(1);

  CHECK_THROWS_WITH_AS(
      learner.step(test::synthetic_batch(config, 4, 7, 1)),
      "momentum_contrast: the queue of 3 is shorter than a batch of 4; choose --queue of at least the batch size",
      ctp::UsageError);
}

TEST_CASE("learner: seqf learns tasks in turn, jointt all of them as one") {
  auto source = std::make_shared<ctp::data::MemorySource>();
  for (int i = 0; i < 10; ++i)
    source->add(std::vector<float>(3 * 8 * 8, 0.1F * static_cast<float>(i)), 8, {2, 5 + i, 3});
  const std::vector<ctp::data::Task> tasks{{"a", source, {0, 1, 2, 3}}, {"b", source, {4, 5, 6, 7, 8, 9}}};
  const auto run = [&](auto& learner) {
    Record record;
    learner.observe(record);
    std::string text;
    learner.learn_all(tasks, [&](auto&, std::size_t index) { text += std::to_string(index) + ";"; });
    for (const std::string& task : record.tasks) text += " (" + task + ")";
    return text;
  };
  const ctp::TrainOptions options{
      .epochs = 1, .max_tokens = 6, .loading = {.batch_size = 2, .augment = false, .workers = 0}};
  test::SeqF seqf{test::Model<float>(micro), options};
  ctp::Learner<ctp::strategy::JointT, test::Model<float>> jointt{test::Model<float>(micro), options};

  CHECK(run(seqf) == "0;1; (0 a 2) (1 b 3)");
  CHECK(run(jointt) == "1; (0 a + b 5)");
}

TEST_CASE("learner: a batch of one pair is refused if a loss with a weight contrasts the pairs of a batch") {
  test::SeqF learner(test::Model<float>(micro), {.epochs = 1});
  Batches ones(micro, 2, 1, 7, 1);
  CHECK_THROWS_WITH_AS(
      learner.learn(ones, "ones"),
      "Learner: batch size: expected 2 or more: a loss contrasts the pairs of a batch, found 1; choose "
      "a larger batch",
      ctp::UsageError);
  learner.settings([](const std::string& key, auto& field) {
    if constexpr (std::is_same_v<std::remove_reference_t<decltype(field)>, double>)
      if (key == "in_batch_contrast.weight") field = 0;
  });
  learner.learn(ones, "ones");
  CHECK(learner.tasks_seen() == 1);
}
