// The last batch of an epoch: what is dropped is told, and a short batch is a batch of its pairs alone.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <support/simulated_cuda.hpp>

#include <ctp/data/pairs/memory_source.hpp>
#include <ctp/testing/synthetic_batch.hpp>

#include "every_strategy.hpp"
#include "training_fixture.hpp"

namespace {

using ctp::data::LastBatch;
using test::micro;

struct Losses final : ctp::Observer {
  void pairs_dropped(std::uint32_t task, const std::string& name, std::size_t count) override {
    dropped += std::to_string(task) + " " + name + " " + std::to_string(count) + ";";
  }
  void step_done(const ctp::StepReport& report) override {
    losses.push_back(report.loss);
    pairs.push_back(report.pairs);
  }
  std::string dropped;
  std::vector<double> losses;
  std::vector<int> pairs;
};

ctp::data::Task task_of(int pairs) {
  const auto source = std::make_shared<ctp::data::MemorySource>();
  ctp::data::Task task{"few", source, {}};
  for (int i = 0; i < pairs; ++i)
    task.members.push_back(source->add(ctp::data::Image(9, 9, static_cast<std::uint8_t>(20 * i)), {2, 5 + i, 6 + i, 3},
                                       "pair_" + std::to_string(i)));
  return task;
}
ctp::TrainOptions options_for(LastBatch last, int batch, bool augment = true) {
  ctp::TrainOptions options{.epochs = 2, .rate = 1e-2, .max_tokens = 7, .seed = 3};
  options.loading.batch_size = batch;
  options.loading.last_batch = last;
  options.loading.workers = 0;
  options.loading.augment = augment;
  return options;
}

/// Loss and weights of one step on `batch`, behind two tasks that fill teachers, queues and importances.
template <class Strategy>
std::vector<double> step_on(const ctp::data::Batch& batch) {
  ctp::ModelConfig sizes = micro;
  sizes.queue = 12;  // 12 entries serve full batches of 6, and of 3
  using Engine = ctp::StepEngine<Strategy, test::ModelOf<Strategy, double>>;
  Engine engine(typename Engine::Model(sizes), {.epochs = 1, .rate = 1e-2});
  test::Batches first(sizes, 2, 6, 7, 1), second(sizes, 2, 6, 7, 2);
  test::lead_to_second_task(engine, first, second, 1);
  std::vector<double> numbers{test::step(engine, batch).loss};
  const auto weights = engine.weights();
  numbers.insert(numbers.end(), weights.begin(), weights.end());
  return numbers;
}

}  // namespace

TEST_CASE_TEMPLATE("last batch: a short batch has the loss and the gradient of its pairs alone", Strategy,
                   CTP_EVERY_STRATEGY) {
  const ctp::data::Batch alone = test::synthetic_batch(micro, 3, 7, 9);
  ctp::data::Batch behind_full = alone;
  behind_full.full = 6;

  const std::vector<double> expected = step_on<Strategy>(alone), found = step_on<Strategy>(behind_full);

  REQUIRE(found.size() == expected.size());
  double largest = 0;
  for (std::size_t i = 0; i < found.size(); ++i) largest = std::max(largest, std::abs(found[i] - expected[i]));
  CHECK(largest < 1e-12);
  CHECK(found != step_on<Strategy>(test::synthetic_batch(micro, 3, 7, 10)));
}

TEST_CASE_TEMPLATE("last batch: a short batch moves no memory, and a full batch behind it finds its own again", B,
                   ctp::Cpu, ctp::test::SimulatedCuda<float>) {
  const ctp::data::Batch full = test::synthetic_batch(micro, 6, 7, 1);
  ctp::data::Batch rest = test::synthetic_batch(micro, 2, 7, 2);
  rest.full = 6;
  ctp::DeviceBatch<B> device;
  device.load(full, micro);
  const void *images = device.images().data, *rows = device.masked_positions().row.data;
  const auto capacity = device.masked_positions().row.size();

  device.load(rest, micro);
  CHECK(device.size() == 2);
  CHECK(device.full_size() == 6);
  CHECK(device.images().shape[0] == 2);
  CHECK(device.text().ids.shape[0] == 2);
  CHECK(device.token_weights().size() == 14);
  CHECK(device.masked_positions().row.size() == capacity);
  std::vector<std::int32_t> ids(14);
  B::download(device.text().ids.data, 14, ids.data());
  CHECK(ids == rest.ids);

  device.load(full, micro);
  CHECK(device.size() == 6);
  CHECK(device.images().data == images);
  CHECK(device.masked_positions().row.data == rows);
}

TEST_CASE("last batch: what an epoch drops is told once a task; kept, every pair is in every epoch") {
  Losses dropping, keeping;
  test::SeqF drops{test::Model<float>(micro), options_for(LastBatch::Drop, 4)},
      keeps{test::Model<float>(micro), options_for(LastBatch::Keep, 4)};
  drops.observe(dropping);
  keeps.observe(keeping);

  drops.learn(task_of(10));
  keeps.learn(task_of(10));

  CHECK(dropping.dropped == "0 few 2;");
  CHECK(dropping.pairs == std::vector<int>{4, 4, 4, 4});
  CHECK(keeping.dropped.empty());
  CHECK(keeping.pairs == std::vector<int>{4, 4, 2, 4, 4, 2});
  CHECK(keeping.losses[0] == dropping.losses[0]);  // full batches keep their bits
  CHECK(keeping.losses[1] == dropping.losses[1]);
}

TEST_CASE("last batch: a single pair that the losses cannot learn from is dropped even so") {
  Losses seen;
  test::SeqF learner{test::Model<float>(micro), options_for(LastBatch::Keep, 4)};
  learner.observe(seen);

  learner.learn(task_of(9));

  CHECK(seen.dropped == "0 few 1;");
  CHECK(seen.pairs == std::vector<int>{4, 4, 4, 4});
  CHECK_THROWS_WITH_AS(learner.learn(task_of(1)),
                       "task 'few': pairs: expected at least 2: a loss contrasts the pairs of a batch, found 1; add "
                       "pairs to the task, or join it with another task",
                       ctp::UsageError);
}

TEST_CASE("last batch: a task smaller than a batch is learned as one batch, by the numbers of a batch of its size") {
  Losses kept, exact;
  ctp::ModelConfig sizes = micro;
  sizes.queue = 12;
  test::Ctp small{test::Model<float>(sizes), options_for(LastBatch::Keep, 12)},
      fitting{test::Model<float>(sizes), options_for(LastBatch::Drop, 3)};
  small.observe(kept);
  fitting.observe(exact);

  small.learn(task_of(3));
  fitting.learn(task_of(3));

  CHECK(kept.pairs == std::vector<int>{3, 3});
  REQUIRE(kept.losses.size() == exact.losses.size());
  for (std::size_t i = 0; i < kept.losses.size(); ++i)
    CHECK(kept.losses[i] == doctest::Approx(exact.losses[i]).epsilon(1e-5));
  CHECK_THROWS_AS(fitting.learn(task_of(2)), ctp::UsageError);
}

TEST_CASE("last batch: replayed steps give the bits of steps that run normally, short batches between them") {
  using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::test::SimulatedCuda<float>>;
  const auto weights = [](bool capture) {
    ctp::TrainOptions options = options_for(LastBatch::Keep, 4, false);
    options.capture_steps = capture;
    ctp::Learner<ctp::strategy::SeqF, Model> learner(Model(micro), options);
    learner.learn(task_of(14));
    return learner.weights();
  };

  CHECK(weights(true) == weights(false));
}
