#include <ctp/train/task_plan.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/data/pairs/memory_source.hpp>
#include <ctp/strategy/jointt.hpp>

#include "training_fixture.hpp"

namespace {

/// Steps and rates of each task.
class Rates final : public ctp::Observer {
 public:
  void task_begins(std::uint32_t, const std::string&, std::uint64_t steps) override {
    planned.push_back(steps);
    rates.emplace_back();
  }
  void step_done(const ctp::StepReport& report) override { rates.back().push_back(report.rate); }
  std::vector<std::uint64_t> planned;
  std::vector<std::vector<double>> rates;
};

/// Two tasks of 4 grey pictures.
std::vector<ctp::data::Task> two_tasks() {
  const auto source = std::make_shared<ctp::data::MemorySource>();
  std::vector<ctp::data::Task> tasks{{"first", source, {}}, {"second", source, {}}};
  for (unsigned char i = 0; i < 8; ++i)
    tasks[i / 4].members.push_back(
        source->add(ctp::data::Image(8, 8, static_cast<unsigned char>(30 * i)), {2, 5 + i, 3}));
  return tasks;
}
ctp::TrainOptions options() {
  ctp::TrainOptions o{.epochs = 2, .rate = 8e-3, .min_rate = 0};
  o.max_tokens = 4;
  o.loading.batch_size = 2;
  o.loading.workers = 0;
  o.loading.augment = false;
  return o;
}
template <class Strategy>
using LearnerOf = ctp::Learner<Strategy, test::Model<float>>;
const auto nothing = [](auto&, std::size_t) {};

}  // namespace

TEST_CASE("task_plan: epochs, rates and schedule of each task, and the options where a plan says nothing") {
  LearnerOf<ctp::strategy::SeqF> learner(test::Model<float>(test::micro), options());
  Rates seen;
  learner.observe(seen);
  std::vector<std::uint64_t> asked;
  const auto halves = [&](std::uint64_t step, std::uint64_t steps, const ctp::optim::Rates& rates) {
    asked.push_back(steps);
    return 2 * step < steps ? rates.rate : rates.min_rate;
  };
  learner.learn_all(two_tasks(), {{.epochs = 1, .rate = 1e-3, .min_rate = 5e-4, .schedule = halves}, {}}, nothing);

  CHECK(seen.planned == std::vector<std::uint64_t>{2, 4});
  CHECK(seen.rates[0] == std::vector<double>{1e-3, 5e-4});
  CHECK(asked == std::vector<std::uint64_t>{2, 2});
  REQUIRE(seen.rates[1].size() == 4);
  for (std::size_t s = 0; s < 4; ++s)  // half a cosine from 8e-3 to 0
    CHECK(seen.rates[1][s] ==
          doctest::Approx(4e-3 * (1 + std::cos(3.14159265358979 * static_cast<double>(s) / 4))).epsilon(1e-12));
}

TEST_CASE("task_plan: a training with plans equal to the options has the bits of one without plans") {
  const auto weights = [](const std::vector<ctp::TaskPlan>& plans) {
    LearnerOf<ctp::strategy::SeqF> learner(test::Model<float>(test::micro), options());
    learner.learn_all(two_tasks(), plans, nothing);
    return learner.weights();
  };
  CHECK(weights({}) == weights({{.epochs = 2, .rate = 8e-3, .min_rate = 0}, {}}));
  CHECK(weights({}) != weights({{}, {.rate = 4e-3}}));
}

TEST_CASE("task_plan: one plan for each training; a rehearsal that joins all tasks trains once") {
  LearnerOf<ctp::strategy::SeqF> learner(test::Model<float>(test::micro), options());
  CHECK_THROWS_AS(learner.learn_all(two_tasks(), {{.epochs = 1}}, nothing), ctp::UsageError);
  CHECK_THROWS_AS(learner.learn_all(two_tasks(), {{}, {.epochs = 0}}, nothing), ctp::UsageError);
  CHECK(learner.tasks_seen() == 0);  // refused before the first task
  LearnerOf<ctp::strategy::JointT> joint(test::Model<float>(test::micro), options());
  CHECK_THROWS_AS(joint.learn_all(two_tasks(), {{}, {}}, nothing), ctp::UsageError);
  Rates seen;
  joint.observe(seen);
  joint.learn_all(two_tasks(), {{.epochs = 3}}, nothing);
  CHECK(seen.planned == std::vector<std::uint64_t>{12});
}

TEST_CASE("task_plan: learn_all without a callback, and plans alone are plans") {
  const auto weights = [](const auto& train) {
    LearnerOf<ctp::strategy::SeqF> learner(test::Model<float>(test::micro), options());
    train(learner);
    CHECK(learner.tasks_seen() == 2);
    return learner.weights();
  };
  const std::vector<ctp::data::Task> tasks = two_tasks();
  std::vector<ctp::TaskPlan> plans{{.epochs = 1}, {.rate = 1e-3}};
  CHECK(weights([&](auto& learner) { learner.learn_all(tasks); }) ==
        weights([&](auto& learner) { learner.learn_all(tasks, nothing); }));
  const auto planned = weights([&](auto& learner) { learner.learn_all(tasks, plans, nothing); });
  CHECK(weights([&](auto& learner) { learner.learn_all(tasks, plans); }) == planned);
  CHECK(weights([&](auto& learner) { learner.learn_all(tasks, {{.epochs = 1}, {.rate = 1e-3}}); }) == planned);
  CHECK(planned != weights([&](auto& learner) { learner.learn_all(tasks); }));
}

TEST_CASE("task_plan: a rate below the options' final rate does not rise to it, and a rate of 0 learns nothing") {
  ctp::TrainOptions o = options();
  o.min_rate = 1e-3;
  o.rate = 1e-2;
  LearnerOf<ctp::strategy::SeqF> learner(test::Model<float>(test::micro), o);
  Rates seen;
  learner.observe(seen);
  const std::vector<float> before = learner.weights();
  learner.learn(two_tasks()[0], {.rate = 0});
  CHECK(seen.rates[0] == std::vector<double>(4, 0));
  CHECK(learner.weights() == before);
  learner.learn(two_tasks()[0], {.rate = 5e-4});
  CHECK(seen.rates[1] == std::vector<double>(4, 5e-4));
  learner.learn(two_tasks()[0], {.rate = 0, .min_rate = 1e-3});  // named, so meant
  CHECK(seen.rates[2][2] == doctest::Approx(5e-4).epsilon(1e-12));
  learner.learn(two_tasks()[0], {.rate = 4e-3});
  CHECK(seen.rates[3][2] == doctest::Approx(2.5e-3).epsilon(1e-12));  // half-way from 4e-3 to 1e-3
}

TEST_CASE("task_plan: a schedule's rate that is negative or not finite is refused, and the weights stay") {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double bad : {-1e-3, infinity, std::numeric_limits<double>::quiet_NaN()}) {
    LearnerOf<ctp::strategy::SeqF> learner(test::Model<float>(test::micro), options());
    const std::vector<float> before = learner.weights();
    const auto schedule = [bad](std::uint64_t, std::uint64_t, const ctp::optim::Rates&) { return bad; };
    CHECK_THROWS_WITH_AS(learner.learn(two_tasks()[0], {.schedule = schedule}),
                         doctest::Contains("schedule: expected a finite rate from 0, found "), ctp::UsageError);
    CHECK(learner.weights() == before);
  }
  LearnerOf<ctp::strategy::SeqF> learner(test::Model<float>(test::micro), options());
  const auto line = [](std::uint64_t step, std::uint64_t steps, const ctp::optim::Rates& rates) {
    return rates.rate * (1 - static_cast<double>(step) / static_cast<double>(steps - 1));
  };
  learner.begin_task(1, "", {.schedule = line});
  CHECK_THROWS_WITH_AS(learner.step(test::synthetic_batch(test::micro, 2, 4, 1)),
                       doctest::Contains("at step 0 of 1; check the schedule's divisions"), ctp::UsageError);
}

TEST_CASE("task_plan: numbers out of range are refused") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS((ctp::TaskPlan{.epochs = 0}.check()), ctp::UsageError);
  CHECK_THROWS_AS((ctp::TaskPlan{.rate = -1}.check()), ctp::UsageError);
  CHECK_THROWS_AS((ctp::TaskPlan{.min_rate = nan}.check()), ctp::UsageError);
  CHECK_NOTHROW((ctp::TaskPlan{.epochs = 1, .rate = 0}.check()));
}
