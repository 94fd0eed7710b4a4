// What becomes of steps whose numbers are not finite or spike. Trainings that leave steps out are compared with
// trainings that are given the other batches by hand, step by step.
#include <ctp/train/guard/step_guard.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <support/simulated_cuda.hpp>

#include <ctp/objective/in_batch_contrast.hpp>
#include <ctp/penalty/mas.hpp>
#include <ctp/report/early_stop.hpp>

#include <train/saved_states.hpp>
#include <train/training_fixture.hpp>

namespace {

using ctp::FaultAction;
using ctp::FaultKind;
using test::micro;
using Simulated = ctp::test::SimulatedCuda<float>;

template <class Strategy, class Backend>
using LearnerOn = ctp::Learner<
    Strategy, ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, Backend, typename Strategy::Projection>>;

/// A contrastive loss, a hundred times as large for batches whose first picture begins with a number above 50.
struct Loud {
  static constexpr const char* name = "loud";
  static constexpr ctp::Needs needs{};
  template <class Step>
  auto loss(Step& step) const {
    const bool loud = step.batch().images().data[0] > 50;
    return scale(step.online.pass(), ctp::objective::InBatchContrast{}.loss(step), loud ? 100 : 1);
  }
};
struct LoudSeqF : ctp::strategy::SeqF {
  using Objective = ctp::All<Loud>;
};

/// A penalty that counts its calls before epochs, and looks at no batch.
struct CountsEpochs : ctp::penalty::Mas {
  static inline int epochs = 0;
  template <class State, class Passes>
  void begin_epoch(State& /*state*/, Passes& /*passes*/) const {
    ++epochs;
  }
  template <class State, class Passes>
  void end_task(State& /*state*/, Passes& /*passes*/) const {}
};
struct CountingSeqF : ctp::strategy::SeqF {
  using Penalty = CountsEpochs;
};

/// A constant rate, so that a step does not depend on its number.
ctp::TrainOptions options_with(const ctp::GuardOptions& guard, int read_every = 1, int epochs = 1) {
  ctp::TrainOptions options{.epochs = epochs, .rate = 1e-3, .min_rate = 1e-3, .seed = 3};
  options.guard = guard;
  options.read_every = read_every;
  options.read_seconds = 1e9;
  options.capture_steps = false;
  return options;
}
/// A task of `steps` batches, some of which are not finite or have a loud loss.
struct Spoilt {
  std::size_t steps = 0;
  std::vector<std::size_t> not_finite = {}, loud = {};
};
struct Task {
  explicit Task(const Spoilt& spoilt) : batches(micro, spoilt.steps, 3, 6, 1) {
    for (const std::size_t i : spoilt.not_finite) batches.list[i].images[5] = std::numeric_limits<float>::quiet_NaN();
    for (const std::size_t i : spoilt.loud) batches.list[i].images[0] = 100;
  }
  test::Batches batches;
};

/// What an observer was told.
class Told final : public ctp::Observer {
 public:
  void step_done(const ctp::StepReport& report) override {
    steps.push_back(report.step);
    losses.push_back(report.loss);
    norms.push_back(report.gradient_norm);
  }
  void step_failed(const ctp::StepFault& fault, const ctp::data::Batch* batch) override {
    faults.push_back(fault);
    first_pairs.push_back(batch == nullptr ? -1 : static_cast<std::int64_t>(batch->sample.front()));
  }
  std::vector<std::uint64_t> steps;
  std::vector<double> losses, norms;
  std::vector<ctp::StepFault> faults;
  std::vector<std::int64_t> first_pairs;
};

struct Trained {
  std::vector<float> weights;
  std::vector<std::uint64_t> steps;
  std::vector<std::string> faults;
  std::vector<std::int64_t> first_pairs;
  std::string error;
  ctp::StateArchive state = {};

  [[nodiscard]] bool same_as(const Trained& other) const {
    return weights == other.weights && steps == other.steps && faults == other.faults &&
           first_pairs == other.first_pairs && error == other.error && state.changed_in(other.state).empty();
  }
};
template <class Strategy, class Backend>
Trained train(const ctp::TrainOptions& options, const Spoilt& spoilt) {
  Task task(spoilt);
  LearnerOn<Strategy, Backend> learner(typename LearnerOn<Strategy, Backend>::Model(micro), options);
  Told told;
  learner.observe(told);
  Trained trained;
  try {
    learner.learn(task.batches, "task");
  } catch (const ctp::StepError& error) {
    trained.error = error.what();
  }
  trained.weights = learner.weights();
  trained.steps = told.steps;
  for (const ctp::StepFault& fault : told.faults) trained.faults.push_back(fault.text());
  trained.first_pairs = told.first_pairs;
  trained.state = learner.state();
  return trained;
}
/// The weights after a task of these batches only.
template <class Strategy, class Backend>
std::vector<float> by_hand(const Spoilt& spoilt, const std::vector<std::size_t>& steps) {
  const Task task(spoilt);
  LearnerOn<Strategy, Backend> learner(typename LearnerOn<Strategy, Backend>::Model(micro), options_with({}));
  learner.begin_task(task.batches.list.size());
  for (const std::size_t i : steps) learner.step(task.batches.list[i]);
  learner.end_task();
  return learner.weights();
}
std::vector<std::size_t> numbers(std::size_t from, std::size_t to) {
  std::vector<std::size_t> list;
  for (; from < to; ++from) list.push_back(from);
  return list;
}

}  // namespace

TEST_CASE("step guard: a skipped step leaves nothing behind, on any backend and however many steps are read together") {
  const auto check = []<class Backend>() {
    const ctp::GuardOptions guard{.on_nonfinite = FaultAction::Skip};
    const Spoilt task{6, {0, 2, 5}};
    const Trained one = train<ctp::strategy::SeqF, Backend>(options_with(guard), task);
    CHECK(one.weights == by_hand<ctp::strategy::SeqF, Backend>(task, {1, 3, 4}));
    CHECK(one.steps == std::vector<std::uint64_t>{1, 3, 4});
    CHECK(one.error.empty());
    REQUIRE(one.faults.size() == 3);
    CHECK(one.faults[1].starts_with("task 0, epoch 0, step 2: expected finite losses and gradients, found "));
    CHECK(one.faults[1].ends_with("; the step is left out; pairs: pair_6 pair_7 pair_8"));
    CHECK(one.first_pairs == std::vector<std::int64_t>{0, 6, 15});
    for (const int every : {2, 3, 16})
      CHECK(train<ctp::strategy::SeqF, Backend>(options_with(guard, every), task).same_as(one));
  };
  SUBCASE("host") { check.operator()<ctp::Cpu>(); }
  SUBCASE("simulated device") { check.operator()<Simulated>(); }
}

TEST_CASE("step guard: a roll-back undoes the steps since the last copy, and leaves their batches out") {
  const auto check = []<class Backend>() {
    const ctp::GuardOptions guard{.on_nonfinite = FaultAction::Rollback, .rollback_steps = 2};
    const auto trained = [&](const std::vector<std::size_t>& bad, int every) {
      return train<ctp::strategy::SeqF, Backend>(options_with(guard, every), Spoilt{6, bad});
    };
    for (const int every : {1, 4, 16}) {
      CAPTURE(every);
      const Trained third = trained({3}, every);  // batches 2 and 3 are left out
      CHECK(third.weights == by_hand<ctp::strategy::SeqF, Backend>(Spoilt{6, {3}}, {0, 1, 4, 5}));
      CHECK(third.steps == std::vector<std::uint64_t>{0, 1, 2, 4, 5});
      REQUIRE(third.faults.size() == 1);
      CHECK(third.faults[0].find("; the weights go back to those before step 2, and the batches since then are left "
                                 "out; pairs: pair_9") != std::string::npos);
      CHECK(third.first_pairs == std::vector<std::int64_t>{9});
      // The first step: back to the beginning. The last one: back to before the fifth.
      CHECK(trained({0}, every).weights == by_hand<ctp::strategy::SeqF, Backend>(Spoilt{6, {0}}, {1, 2, 3, 4, 5}));
      CHECK(trained({5}, every).weights == by_hand<ctp::strategy::SeqF, Backend>(Spoilt{6, {5}}, {0, 1, 2, 3}));
      CHECK(trained({1, 3}, every).weights == by_hand<ctp::strategy::SeqF, Backend>(Spoilt{6, {1, 3}}, {4, 5}));
    }
  };
  SUBCASE("host") { check.operator()<ctp::Cpu>(); }
  SUBCASE("simulated device") { check.operator()<Simulated>(); }
}

TEST_CASE("step guard: beyond the limit the training ends, and its state is one between two steps") {
  const Trained skips = train<ctp::strategy::SeqF, ctp::Cpu>(
      options_with({.on_nonfinite = FaultAction::Skip, .limit = 1}), Spoilt{6, {1, 3, 4}});
  CHECK(skips.error.find("step 3: ") != std::string::npos);
  CHECK(skips.error.find("; the weights are those before this step; 1 steps of this task were left out or rolled back "
                         "before, and no more may be; pairs: pair_9") != std::string::npos);
  CHECK(skips.weights == by_hand<ctp::strategy::SeqF, ctp::Cpu>(Spoilt{6, {}}, {0, 2}));
  const Trained goes_back = train<ctp::strategy::SeqF, Simulated>(
      options_with({.on_nonfinite = FaultAction::Rollback, .rollback_steps = 2, .limit = 0}, 16), Spoilt{6, {3}});
  CHECK(goes_back.error.find("; the weights are those before step 2; 0 steps") != std::string::npos);
  CHECK(goes_back.weights == by_hand<ctp::strategy::SeqF, Simulated>(Spoilt{6, {}}, {0, 1}));
}

TEST_CASE("step guard: a training that goes on from any place decides as one that was not interrupted") {
  const auto check = [](const ctp::GuardOptions& guard) {
    using Ctp = test::Ctp;  // its queue and its momentum model move
    const ctp::TrainOptions options = options_with(guard, 1, 2);
    Task task({6, {1, 4}});
    Ctp whole(Ctp::Model(micro), options);
    test::SavedStates saved(whole);
    whole.learn(task.batches, "task");
    REQUIRE(saved.states.size() == 12);
    for (std::size_t i = 0; i < saved.states.size(); ++i) {
      CAPTURE(i);
      Ctp rest(Ctp::Model(micro), options);
      rest.restore(saved.states[i]);
      test::SavedStates again(rest);
      if (i + 1 < saved.states.size()) rest.learn(task.batches, "task");
      CHECK(test::goes_on_as(again, saved, i));
    }
  };
  SUBCASE("skip") { check({.on_nonfinite = FaultAction::Skip}); }
  SUBCASE("rollback") { check({.on_nonfinite = FaultAction::Rollback, .rollback_steps = 3}); }
  SUBCASE("rollback, at every step") { check({.on_nonfinite = FaultAction::Rollback, .rollback_steps = 1}); }
}

TEST_CASE("step guard: a training that stopped goes on with another option as if it had had that option before") {
  const auto check = []<class Backend>() {
    using Ctp = LearnerOn<ctp::strategy::Ctp, Backend>;
    const Spoilt task{6, {3}};
    const ctp::GuardOptions skip{.on_nonfinite = FaultAction::Skip};
    const Trained whole = train<ctp::strategy::Ctp, Backend>(options_with(skip), task);
    const Trained stopped = train<ctp::strategy::Ctp, Backend>(options_with({}, 16), task);
    CHECK(!stopped.error.empty());
    CHECK(stopped.first_pairs == std::vector<std::int64_t>{9});
    Ctp rest(typename Ctp::Model(micro), options_with(skip));
    rest.restore(stopped.state);
    CHECK(rest.place().batch == 3);
    Task again(task);
    rest.learn(again.batches, "task");
    CHECK(rest.weights() == whole.weights);
    CHECK(rest.state().changed_in(whole.state).empty());
  };
  SUBCASE("host") { check.operator()<ctp::Cpu>(); }
  SUBCASE("simulated device") { check.operator()<Simulated>(); }
}

TEST_CASE("step guard: a loss that spikes is reported with its score, and the training goes on as without a guard") {
  const Spoilt task{30, {}, {25}};
  LearnerOn<LoudSeqF, ctp::Cpu> learner(LearnerOn<LoudSeqF, ctp::Cpu>::Model(micro),
                                        options_with({.spike_z = 8, .spike_window = 22}));
  Told told;
  learner.observe(told);
  Task source(task);
  learner.learn(source.batches, "task");
  REQUIRE(told.faults.size() == 1);
  const ctp::StepFault& fault = told.faults[0];
  CHECK(fault.step == 25);
  CHECK(fault.kind == FaultKind::LossSpike);
  CHECK(fault.action == FaultAction::Report);
  CHECK(told.first_pairs == std::vector<std::int64_t>{-1});
  double mean = 0, square = 0;
  for (std::size_t i = 3; i < 25; ++i) mean += told.losses[i] / 22;
  for (std::size_t i = 3; i < 25; ++i) square += std::pow(told.losses[i] - mean, 2) / 22;
  CHECK(fault.z == doctest::Approx((told.losses[25] - mean) / std::max(std::sqrt(square), mean / 100)).epsilon(1e-9));
  CHECK(
      fault.text().starts_with("task 0, epoch 0, step 25: expected a loss of at most 8 standard deviations above the "
                               "mean of the steps before, found "));
  CHECK(learner.weights() == train<LoudSeqF, ctp::Cpu>(options_with({}), task).weights);
}

TEST_CASE("step guard: a spike is rolled back, or ends the training behind its step") {
  const auto check = []<class Backend>() {
    const Spoilt task{30, {27}, {25}};  // behind it a step that is not finite
    const ctp::GuardOptions back{.on_nonfinite = FaultAction::Skip,
                                 .on_spike = FaultAction::Rollback,
                                 .spike_z = 8,
                                 .spike_window = 20,
                                 .rollback_steps = 8};
    std::vector<std::size_t> steps = numbers(0, 24);
    for (const std::size_t i : {26U, 28U, 29U}) steps.push_back(i);
    const std::vector<float> expected = by_hand<LoudSeqF, Backend>(task, steps);
    const Trained one = train<LoudSeqF, Backend>(options_with(back), task);
    CHECK(one.weights == expected);
    CHECK(one.faults.size() == 2);
    CHECK(one.steps.size() == 29);
    for (const int every : {4, 16}) CHECK(train<LoudSeqF, Backend>(options_with(back, every), task).same_as(one));

    const ctp::GuardOptions stop{.on_spike = FaultAction::Stop, .spike_z = 8};
    for (const int every : {1, 16}) {
      const Trained stopped = train<LoudSeqF, Backend>(options_with(stop, every), task);
      CHECK(stopped.error.ends_with("; the weights are those after this step"));
      CHECK(stopped.weights == by_hand<LoudSeqF, Backend>(task, numbers(0, 26)));
    }
  };
  SUBCASE("host") { check.operator()<ctp::Cpu>(); }
  SUBCASE("simulated device") { check.operator()<Simulated>(); }
}

TEST_CASE("step guard: a step that is rolled back is not among those that later steps are compared with") {
  const auto second_score = [](FaultAction action) {
    ctp::StepGuard guard({.on_spike = action, .spike_z = 5});
    ctp::StepReport report;
    for (int i = 0; i < 20; ++i) {
      report.loss = i % 2 == 0 ? 1 : 3;
      CHECK(!guard.judge(report));
    }
    report.loss = 12;
    CHECK(guard.judge(report)->z == doctest::Approx(10).epsilon(1e-12));
    const auto again = guard.judge(report);
    return again ? again->z : 0;
  };
  CHECK(second_score(FaultAction::Rollback) == doctest::Approx(10).epsilon(1e-12));
  CHECK(second_score(FaultAction::Report) < 5);
}

TEST_CASE("step guard: the gradient's length is looked at, too, without clipping") {
  ctp::StepGuard guard({.spike_z = 5});
  ctp::StepReport report{.loss = 1};
  for (int i = 0; i < 20; ++i) {
    report.gradient_norm = i % 2 == 0 ? 1 : 3;
    CHECK(!guard.judge(report));
  }
  report.gradient_norm = 6.9;
  CHECK(!guard.judge(report));
  report.gradient_norm = 30;
  const auto fault = guard.judge(report);
  REQUIRE(fault);
  CHECK(fault->kind == FaultKind::GradientSpike);
  CHECK(fault->text().find("expected a gradient norm of at most 5 standard deviations") != std::string::npos);
  // Against the norm of a training that clips, at a length that no gradient has.
  ctp::TrainOptions clips = options_with({});
  clips.clip_norm = 1e30;
  const auto norms = [](const ctp::TrainOptions& options) {
    test::SeqF learner(test::SeqF::Model(micro), options);
    Told told;
    learner.observe(told);
    Task task({3});
    learner.learn(task.batches, "task");
    return told.norms;
  };
  CHECK(norms(options_with({.spike_z = 5})) == norms(clips));
  CHECK(std::isnan(norms(options_with({}))[0]));
}

TEST_CASE("step guard: a copy does not reach beyond an epoch or a task") {
  const ctp::GuardOptions guard{.on_nonfinite = FaultAction::Rollback, .rollback_steps = 100};
  test::SeqF learner(test::SeqF::Model(micro), options_with(guard, 1, 2));
  Told told;
  learner.observe(told);
  Task good({2});
  learner.learn(good.batches, "first");
  CHECK(learner.state().bytes() <
        6 * sizeof(float) * static_cast<std::size_t>(learner.thetas().size()));  // weights and moments, no copy

  class FirstEpochOnly final : public ctp::data::BatchSource {
   public:
    [[nodiscard]] std::size_t steps() const override { return from.steps(); }
    void start(std::uint32_t epoch) override {
      from.start(epoch);
      from.list[0].images[0] = epoch == 0 ? 0.F : std::numeric_limits<float>::quiet_NaN();
    }
    const ctp::data::Batch* next() override { return from.next(); }
    test::Batches from{micro, 2, 3, 6, 1};
  };
  FirstEpochOnly second;
  learner.learn(second, "second");
  REQUIRE(told.faults.size() == 1);
  CHECK(told.faults[0].epoch == 1);
  CHECK(told.faults[0].back_to == 2);
}

TEST_CASE("step guard: after a stop at the first step of an epoch, the penalty's passes before it are not done again") {
  using Counting = ctp::Learner<CountingSeqF, test::Model<float>>;
  const auto learner_with = [](const ctp::GuardOptions& guard) {
    return std::make_unique<Counting>(Counting::Model(micro), options_with(guard, 1, 2));
  };
  CountsEpochs::epochs = 0;
  Task first({3}), second({3, {0}});
  const auto whole = learner_with({.on_nonfinite = FaultAction::Skip});
  whole->learn(first.batches, "first");
  whole->learn(second.batches, "second");
  CHECK(std::exchange(CountsEpochs::epochs, 0) == 4);
  const auto stops = learner_with({});
  stops->learn(first.batches, "first");
  CHECK_THROWS_AS(stops->learn(second.batches, "second"), ctp::StepError);
  CHECK(stops->place().epoch_begun);
  const auto rest = learner_with({.on_nonfinite = FaultAction::Skip});
  rest->restore(stops->state());
  rest->learn(second.batches, "second");
  CHECK(CountsEpochs::epochs == 4);
  CHECK(rest->state().changed_in(whole->state()).empty());
}

TEST_CASE(
    "step guard: observers are asked whether a task ends once a step, or once an epoch, with that step's report") {
  class Asked final : public ctp::Observer {
   public:
    explicit Asked(bool steps) : steps_(steps) {}
    bool ends_task(const ctp::StepReport& last) override {
      double sum = 0;
      for (const auto& [name, value] : last.parts) sum += value;
      CHECK(std::isfinite(sum));
      CHECK(sum == doctest::Approx(last.loss).epsilon(1e-6));
      at.push_back(last.step);
      return false;
    }
    [[nodiscard]] bool watches_steps() const override { return steps_; }
    std::vector<std::uint64_t> at;

   private:
    bool steps_;
  };
  const auto asked = []<class Backend>(bool steps, int every) {
    using SeqF = LearnerOn<ctp::strategy::SeqF, Backend>;
    SeqF learner(typename SeqF::Model(micro), options_with({.on_nonfinite = FaultAction::Skip}, every, 2));
    Asked observer(steps);
    learner.observe(observer);
    Task task({4, {1, 3}});
    learner.learn(task.batches, "task");
    return observer.at;
  };
  for (const int every : {1, 3, 16}) {
    CAPTURE(every);
    CHECK(asked.operator()<ctp::Cpu>(false, every) == std::vector<std::uint64_t>{2, 6});
    CHECK(asked.operator()<Simulated>(false, every) == std::vector<std::uint64_t>{2, 6});
    CHECK(asked.operator()<ctp::Cpu>(true, every) == std::vector<std::uint64_t>{0, 2, 4, 6});
    CHECK(asked.operator()<Simulated>(true, every) == std::vector<std::uint64_t>{0, 2, 4, 6});
  }
}

TEST_CASE("step guard: a task that goes on behind its last finite step ends as one that was not interrupted") {
  const ctp::TrainOptions options = options_with({.on_nonfinite = FaultAction::Skip}, 1, 4);
  Task task({3, {2}});
  test::SeqF whole(test::SeqF::Model(micro), options);
  ctp::report::EarlyStop stop(1, 1e9);
  whole.observe(stop);
  test::SavedStates saved(whole, stop);
  whole.learn(task.batches, "task");
  CHECK(whole.tasks_seen() == 1);
  REQUIRE(saved.states.size() < 8);  // two epochs of four
  for (std::size_t i = 0; i + 1 < saved.states.size(); ++i) {
    CAPTURE(i);
    test::SeqF rest(test::SeqF::Model(micro), options);
    ctp::report::EarlyStop again(1, 1e9);
    rest.restore(saved.states[i], again);
    rest.observe(again);
    test::SavedStates states(rest, again);
    rest.learn(task.batches, "task");
    CHECK(test::goes_on_as(states, saved, i));
  }
}

TEST_CASE("step guard: a learner refuses options that do not fit") {
  CHECK_THROWS_AS(test::SeqF(test::SeqF::Model(micro), options_with({.spike_window = 1})), ctp::UsageError);
}
