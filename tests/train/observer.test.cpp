#include <ctp/train/observer.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <support/simulated_cuda.hpp>

#include <ctp/data/pairs/memory_source.hpp>
#include <ctp/report/early_stop.hpp>
#include <ctp/strategy/afec.hpp>
#include <ctp/strategy/ctp_er.hpp>
#include <ctp/strategy/ewc.hpp>
#include <ctp/strategy/rwalk.hpp>
#include <ctp/strategy/si.hpp>

#include "training_fixture.hpp"

namespace {

template <class Strategy, class B>
using LearnerOn =
    ctp::Learner<Strategy,
                 ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, B, typename Strategy::Projection>>;
using Simulated = ctp::test::SimulatedCuda<float>;

/// Ends each task after a number of epochs, or of steps.
class Ends final : public ctp::Observer {
 public:
  Ends(std::uint64_t epochs, std::uint64_t steps) : epochs_(epochs), steps_(steps) {}
  void task_begins(std::uint32_t, const std::string&, std::uint64_t) override { epoch_ = 0; }
  void step_done(const ctp::StepReport& r) override { seen.emplace_back(r.task, r.step); }
  bool ends_task(const ctp::StepReport& last) override {
    return steps_ > 0 ? last.step + 1 == steps_ : ++epoch_ == epochs_;
  }
  [[nodiscard]] bool watches_steps() const override { return steps_ > 0; }
  std::vector<std::pair<std::uint32_t, std::uint64_t>> seen;

 private:
  std::uint64_t epochs_, steps_, epoch_ = 0;
};

ctp::TrainOptions options(int epochs) {
  ctp::TrainOptions o{.epochs = epochs, .rate = 1e-2, .max_tokens = 7, .seed = 3};
  o.loading.batch_size = 4;
  o.loading.workers = 0;
  o.read_seconds = 1e9;
  return o;
}
/// A rate that does not know how many steps are planned.
const ctp::TaskPlan same_rate{.schedule = [](std::uint64_t step, std::uint64_t, const ctp::optim::Rates& rates) {
  return rates.rate / (1 + static_cast<double>(step));
}};

/// The state without the number of planned steps.
template <class Learner>
auto state(Learner& learner) {
  auto values = test::snapshot(learner).values;
  std::erase_if(values, [](const auto& entry) { return entry.first == "task_steps"; });
  return values;
}

/// Two tasks of two epochs, planned as `epochs`.
template <class Strategy, class B>
auto two_epochs(int epochs) {
  using Learner = LearnerOn<Strategy, B>;
  Learner learner(typename Learner::Model(test::micro), options(epochs));
  Ends ends(epochs > 2 ? 2 : 0, 0);
  learner.observe(ends);
  for (const std::uint64_t task : {1U, 2U}) {
    test::Batches batches(test::micro, 3, 4, 7, task);
    learner.learn(batches, "task", same_rate);
  }
  CHECK(learner.tasks_seen() == 2);
  CHECK(ends.seen.size() == 12);
  return state(learner);
}

}  // namespace

TEST_CASE("observer: a task that ends early leaves what one leaves whose end was planned there") {
  const auto check = []<class Strategy, class B>() { CHECK(two_epochs<Strategy, B>(5) == two_epochs<Strategy, B>(2)); };
  SUBCASE("seqf") { check.operator()<ctp::strategy::SeqF, ctp::Cpu>(); }
  SUBCASE("ctp") { check.operator()<ctp::strategy::Ctp, ctp::Cpu>(); }
  SUBCASE("ewc, which walks at the end") { check.operator()<ctp::strategy::Ewc, ctp::Cpu>(); }
  SUBCASE("afec, which walks before each epoch") { check.operator()<ctp::strategy::Afec, ctp::Cpu>(); }
  SUBCASE("rwalk") { check.operator()<ctp::strategy::RWalk, ctp::Cpu>(); }
  SUBCASE("ctp, steps read several at a time") { check.operator()<ctp::strategy::Ctp, Simulated>(); }
  SUBCASE("si, steps read several at a time") { check.operator()<ctp::strategy::Si, Simulated>(); }
}

TEST_CASE("observer: pairs of a task that ends early are kept, and batches of later tasks have them") {
  const auto train = [](int epochs) {
    using Learner = LearnerOn<ctp::strategy::CtpEr, ctp::Cpu>;
    ctp::ModelConfig sizes = test::micro;
    sizes.queue = 8;
    ctp::TrainOptions o = options(epochs);
    o.loading.augment = false;
    Learner learner(Learner::Model(sizes), o);
    learner.rehearsal().budget = 4;
    Ends ends(epochs > 2 ? 2 : 0, 0);
    learner.observe(ends);
    const auto source = std::make_shared<ctp::data::MemorySource>();
    std::vector<ctp::data::Task> tasks{{"first", source, {}}, {"second", source, {}}};
    for (unsigned char i = 0; i < 16; ++i)
      tasks[i / 8].members.push_back(
          source->add(ctp::data::Image(8, 8, static_cast<unsigned char>(15 * i)), {2, 5 + i, 3}));
    learner.learn_all(tasks, {same_rate, same_rate}, [](auto&, std::size_t) {});
    CHECK(learner.rehearsal_state().members.size() == 4);
    CHECK(ends.seen.size() == 2 * 2 + 2 * 3);
    return state(learner);
  };
  CHECK(train(4) == train(2));
}

TEST_CASE("observer: one that watches steps ends a task after the step itself, however steps are read") {
  const auto check = []<class B>() {
    using Learner = LearnerOn<ctp::strategy::SeqF, B>;
    Learner learner(typename Learner::Model(test::micro), options(2));
    Ends ends(0, 5);
    learner.observe(ends);
    for (const std::uint64_t task : {1U, 2U}) {
      test::Batches batches(test::micro, 3, 4, 7, task);
      learner.learn(batches, "task");
    }
    std::vector<std::pair<std::uint32_t, std::uint64_t>> expected;
    for (std::uint32_t task = 0; task < 2; ++task)
      for (std::uint64_t step = 0; step < 5; ++step) expected.emplace_back(task, step);
    CHECK(ends.seen == expected);
    CHECK(learner.tasks_seen() == 2);
    for (const auto& [name, values] : test::snapshot(learner).values)
      if (name == "adamw.steps") CHECK(values[0] == 5);
  };
  SUBCASE("cpu") { check.operator()<ctp::Cpu>(); }
  SUBCASE("steps read several at a time") { check.operator()<Simulated>(); }
}

TEST_CASE("observer: EarlyStop ends a task whose loss no longer falls") {
  using Learner = LearnerOn<ctp::strategy::SeqF, ctp::Cpu>;
  ctp::TrainOptions o = options(9);
  o.rate = o.min_rate = 0;  // nothing is learned: after the first epoch no epoch gains
  ctp::ModelConfig sizes = test::micro;
  sizes.dropout = 0;  // or the loss would differ from epoch to epoch
  Learner learner(Learner::Model(sizes), o);
  ctp::report::EarlyStop stop(2);
  Ends counts(0, 0);
  learner.observe(stop);
  learner.observe(counts);
  test::Batches batches(test::micro, 3, 4, 7, 1);
  learner.learn(batches, "task");
  CHECK(counts.seen.size() == 3 * 3);
}
