// Penalties and rehearsals inside the loop: their inputs, the order of their hooks, their errors.
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <support/reference.hpp>

#include <ctp/data/pairs/memory_source.hpp>
#include <ctp/momentum/ema.hpp>
#include <ctp/strategy/all.hpp>
#include <ctp/train/extract.hpp>

#include "training_fixture.hpp"

namespace {

using test::Batches;
using test::micro;
using test::Model;

template <class Strategy>
using LearnerOf = ctp::Learner<Strategy, Model<float>>;

/// `count` pairs of noise in one source; pairs of a task are consecutive.
std::shared_ptr<ctp::data::MemorySource> synthetic_source(int count) {
  auto source = std::make_shared<ctp::data::MemorySource>();
  for (int i = 0; i < count; ++i) {
    const ctp::data::Batch one = test::synthetic_batch(micro, 1, 7, static_cast<std::uint64_t>(i));
    source->add(one.images, micro.image, std::vector<std::int32_t>(one.ids.begin(), one.ids.end()),
                "pair_" + std::to_string(i));
  }
  return source;
}
ctp::data::Task task_of(const std::shared_ptr<const ctp::data::Source>& source, std::uint32_t first,
                        std::uint32_t count) {
  ctp::data::Task task{"from " + std::to_string(first), source, {}};
  for (std::uint32_t i = 0; i < count; ++i) task.members.push_back(first + i);
  return task;
}
ctp::TrainOptions quick() {
  ctp::TrainOptions options;
  options.epochs = 1;
  options.loading.batch_size = 4;
  options.max_tokens = 7;
  options.loading.augment = false;
  options.loading.workers = 0;
  options.rate = 1e-2;
  return options;
}

/// Observer that records the last report and the number of steps of each task.
struct Watch final : ctp::Observer {
  std::vector<std::uint64_t> steps;
  std::vector<std::pair<std::string, double>> parts;
  double loss = 0;
  void task_begins(std::uint32_t, const std::string&, std::uint64_t n) override { steps.push_back(n); }
  void step_done(const ctp::StepReport& report) override {
    loss = report.loss;
    parts.assign(report.parts.begin(), report.parts.end());
  }
};

/// Rehearsal that keeps all pairs seen so far.
struct KeepAll {
  static constexpr bool joins_all_tasks = false;
  struct Memory {
    std::vector<std::uint32_t> members;
    std::vector<float> features;
    template <class Archive>
    void visit(Archive& archive) {
      archive("members", members);
    }
  };
  template <class>
  using State = Memory;
  template <class M>
  Memory init(const M&, std::uint64_t) const {
    return {};
  }
  [[nodiscard]] const std::vector<std::uint32_t>& members(const Memory& memory) const { return memory.members; }
  void choose(Memory& memory, const ctp::rehearsal::Candidates& task) const {
    memory.members.insert(memory.members.end(), task.members.begin(), task.members.end());
    memory.features = task.features().values;
  }
};
struct Replay : ctp::strategy::SeqF {
  using Rehearsal = KeepAll;
};
/// A strategy with a momentum model that no loss reads, and without a previous model.
struct Slow : ctp::strategy::SeqF {
  using Momentum = ctp::momentum::Ema;
};

}  // namespace

TEST_CASE("learner: a penalty's value is part of the loss and its pull part of the step") {
  const auto run = [](double lambda) {
    LearnerOf<ctp::strategy::Ewc> learner{Model<float>(micro), {.epochs = 2, .rate = 1e-2}};
    learner.penalty().lambda = lambda;
    Watch watch;
    learner.observe(watch);
    Batches first(micro, 2, 4, 7, 1), second(micro, 2, 4, 7, 2);
    learner.learn(first, "");
    const std::vector<float> anchor = learner.weights();
    CHECK(watch.parts.back().first == "ewc");
    CHECK(watch.parts.back().second == 0);  // nothing learned before, nothing to keep
    learner.learn(second, "");
    double sum = 0, moved = 0;
    for (const auto& [name, value] : watch.parts) sum += value;
    CHECK(watch.loss == doctest::Approx(sum).epsilon(1e-6));
    CHECK((watch.parts.back().second > 0) == (lambda > 0));
    const std::vector<float> end = learner.weights();
    const auto importance = learner.penalty_state().importance.to_host();
    for (std::size_t i = 0; i < end.size(); ++i)
      moved += static_cast<double>(importance[i]) * (end[i] - anchor[i]) * (end[i] - anchor[i]);
    return moved;
  };
  CHECK(run(1e6) < 0.5 * run(0));
}

TEST_CASE("learner: an importance that is not finite stops the step before a weight moves") {
  LearnerOf<ctp::strategy::Mas> learner{Model<float>(micro), {.epochs = 1}};
  Batches task(micro, 1, 4, 7, 1);
  learner.learn(task, "");
  learner.begin_task(2);
  task.start(0);
  learner.step(task.list[0]);
  learner.penalty_state().importance.data()[5] = std::numeric_limits<float>::infinity();
  const std::vector<float> before = learner.weights();
  try {
    learner.step(task.list[0], &task);
    FAIL("the step was taken");
  } catch (const ctp::NumericError& error) {
    CHECK(std::string(error.what()).find("task 1, epoch 0, step 1") != std::string::npos);
    CHECK(std::string(error.what()).find("found mas = ") != std::string::npos);
    CHECK(std::string(error.what()).find("pair_0") != std::string::npos);
  }
  CHECK(before == learner.weights());
}

TEST_CASE("learner: a non-finite picture stops a consolidation, and the learned weights stay") {
  LearnerOf<ctp::strategy::Ewc> learner{Model<float>(micro), {.epochs = 1}};
  Batches task(micro, 2, 4, 7, 1);
  learner.begin_task(2);
  for (const auto& batch : task.list) learner.step(batch);
  task.list[1].images[3] = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> before = learner.weights();
  CHECK_THROWS_AS(learner.end_task(&task), ctp::NumericError);
  CHECK(before == learner.weights());
  for (const float importance : learner.penalty_state().importance.to_host()) CHECK(importance == 0);  // not half of it
  CHECK(learner.tasks_seen() == 0);
}

TEST_CASE(
    "learner: a penalty that walks through a task's batches must be given the batches; a path integral needs none") {
  LearnerOf<ctp::strategy::Ewc> ewc{Model<float>(micro)};
  ewc.begin_task(1);
  CHECK_THROWS_WITH_AS(ewc.end_task(), doctest::Contains("expected the task's batches"), ctp::UsageError);
  LearnerOf<ctp::strategy::Si> si{Model<float>(micro)};
  si.begin_task(1);
  si.step(test::synthetic_batch(micro, 4, 7, 1));
  CHECK_NOTHROW(si.end_task());
  double importance = 0;
  for (const float value : si.penalty_state().importance.to_host()) importance += std::abs(value);
  CHECK(importance > 0);
}

TEST_CASE("learner: the state has weights, penalty, queues, moments and counters alone") {
  LearnerOf<ctp::strategy::Afec> learner{Model<float>(micro)};
  std::string names;
  for (const auto& [name, value] : test::snapshot(learner).values) names += name + " ";
  CHECK(names ==
        "theta anchor importance forward forward_importance forward.adamw.first forward.adamw.second "
        "forward.adamw.steps adamw.first adamw.second adamw.steps tasks_seen task_step task_steps global_step "
        "position.first_task position.tasks position.in_task position.epochs position.epoch_steps position.epoch "
        "position.epoch_begun position.epoch_first position.bad_pairs last_report.there last_report.task "
        "last_report.epoch last_report.step last_report.global_step last_report.steps last_report.rate "
        "last_report.loss last_report.pairs last_report.gradient_norm guard.faults guard.copied_at guard.losses "
        "guard.norms guard.copy vocabulary.tokens vocabulary.pad vocabulary.unk vocabulary.cls "
        "vocabulary.sep vocabulary.mask vocabulary.fingerprint ");
  CHECK(learner.thetas().previous() == nullptr);
  CHECK(learner.thetas().momentum() == nullptr);
}

TEST_CASE("learner: the previous and the momentum model have memory only where a policy asks for them") {
  const auto models = [](auto learner) {
    const auto kept = test::snapshot(learner).values.front();
    CHECK(kept.first == "theta");
    CHECK((learner.thetas().previous() != nullptr) == learner.keeps_previous);
    CHECK((learner.thetas().momentum() != nullptr) == learner.keeps_momentum);
    return static_cast<double>(kept.second.size()) / static_cast<double>(learner.thetas().size());
  };
  CHECK(models(LearnerOf<ctp::strategy::SeqF>{Model<float>(micro)}) == 1);
  CHECK(models(LearnerOf<ctp::strategy::Ewc>{Model<float>(micro)}) == 1);
  CHECK(models(LearnerOf<ctp::strategy::Er>{Model<float>(micro)}) == 1);
  CHECK(models(LearnerOf<ctp::strategy::Lwf>{Model<float>(micro)}) == 2);
  CHECK(models(LearnerOf<Slow>{Model<float>(micro)}) == 2);
  CHECK(models(LearnerOf<ctp::strategy::Ctp>{Model<float>(micro)}) == 3);
}

TEST_CASE("learner: kept pairs are trained with the next task, after its own") {
  LearnerOf<Replay> learner{Model<float>(micro), quick()};
  Watch watch;
  learner.observe(watch);
  const auto source = synthetic_source(20);
  learner.learn(task_of(source, 0, 8));
  learner.learn(task_of(source, 8, 8));
  learner.learn(task_of(source, 16, 4));
  CHECK(watch.steps == std::vector<std::uint64_t>{2, 4, 5});   // 8, 8 + 8 and 4 + 16 pairs in batches of 4
  CHECK(learner.rehearsal_state().features.size() == 4 * 12);  // of the last task alone
}

TEST_CASE("learner: a rehearsal may look at the features of the model that has learned the task") {
  LearnerOf<Replay> learner{Model<float>(micro), quick()};
  const auto source = synthetic_source(8);
  learner.learn(task_of(source, 0, 8));
  const auto found = ctp::extract(learner.model(), learner.thetas().online(), task_of(source, 0, 8), learner.options(),
                                  {.retrieval = false, .fusion = true});
  CHECK(found.fusion == learner.rehearsal_state().features);
}

TEST_CASE("learner: pairs kept of one source cannot be trained with a task of another") {
  LearnerOf<ctp::strategy::Er> learner{Model<float>(micro), quick()};
  learner.learn(task_of(synthetic_source(8), 0, 8));
  CHECK_THROWS_WITH_AS(learner.learn(task_of(synthetic_source(8), 0, 8)), doctest::Contains("one source"),
                       ctp::UsageError);
}

TEST_CASE("learner: tasks of different sources cannot be joined to one") {
  LearnerOf<ctp::strategy::JointT> learner{Model<float>(micro), quick()};
  const std::vector<ctp::data::Task> tasks{task_of(synthetic_source(8), 0, 8), task_of(synthetic_source(8), 0, 8)};
  CHECK_THROWS_WITH_AS(learner.learn_all(tasks, [](auto&, std::size_t) {}), doctest::Contains("one source"),
                       ctp::UsageError);
}

TEST_CASE("learner: a run with a memory is the same for any number of threads") {
  const auto run = [](int threads) {
    const reference::Threads scope(threads);
    LearnerOf<ctp::strategy::Mof> learner{Model<float>(micro), quick()};
    learner.rehearsal().budget = 5;
    const auto source = synthetic_source(16);
    learner.learn(task_of(source, 0, 8));
    learner.learn(task_of(source, 8, 8));
    return test::snapshot(learner).values;
  };
  const auto one = run(1);
  CHECK(one == run(2));
}
