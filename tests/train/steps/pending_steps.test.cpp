#include <ctp/train/steps/pending_steps.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <support/simulated_cuda.hpp>

#include <ctp/strategy/si.hpp>

#include <train/saved_states.hpp>
#include <train/training_fixture.hpp>

namespace {

using Simulated = ctp::test::SimulatedCuda<float>;

static_assert(ctp::backend::SkipsWork<Simulated>);
static_assert(!ctp::backend::SkipsWork<ctp::Cpu>);

template <class Strategy>
using Learner = ctp::Learner<Strategy, ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, Simulated,
                                                                typename Strategy::Projection>>;

/// The reports of all steps, number by number.
class RecordedReports final : public ctp::Observer {
 public:
  void step_done(const ctp::StepReport& r) override {
    auto& one = all.emplace_back(std::vector<double>{static_cast<double>(r.task), static_cast<double>(r.epoch),
                                                     static_cast<double>(r.step), static_cast<double>(r.global_step),
                                                     r.rate, r.loss});
    for (const auto& [name, value] : r.parts) {
      names.insert(names.end(), name);
      one.push_back(value);
    }
  }
  std::vector<std::vector<double>> all;
  std::vector<std::string> names;
};

struct Run {
  std::vector<std::pair<std::string, std::vector<double>>> state;  ///< all members that an archive visits
  std::vector<std::vector<double>> reports;
  std::vector<std::string> names;
  int waits = 0;
  std::string error;
};

constexpr int steps = 5;

/// Two tasks of two epochs of five steps; one step may have a NaN picture.
template <class Strategy>
Run train(int read_every, bool capture, int bad_epoch = -1, std::size_t bad_step = 0) {
  ctp::ModelConfig sizes = test::micro;
  sizes.dropout = 0.1;
  ctp::TrainOptions options{.epochs = 2, .rate = 1e-3, .min_rate = 1e-5, .seed = 3};
  options.capture_steps = capture;
  options.read_every = read_every;
  options.read_seconds = 1e9;
  Learner<Strategy> learner(typename Learner<Strategy>::Model(sizes), options);
  RecordedReports reports;
  learner.observe(reports);

  /// Batches with one NaN batch in one epoch.
  class Spoilt final : public ctp::data::BatchSource {
   public:
    Spoilt(test::Batches& from, int epoch, std::size_t step) : from_(&from), epoch_(epoch), step_(step) {}
    [[nodiscard]] std::size_t steps() const override { return from_->steps(); }
    void start(std::uint32_t epoch) override {
      from_->start(epoch);
      now_ = static_cast<int>(epoch);
      at_ = 0;
    }
    const ctp::data::Batch* next() override {
      const ctp::data::Batch* batch = from_->next();
      if (batch == nullptr || now_ != epoch_ || at_++ != step_) return batch;
      spoilt_ = *batch;
      spoilt_.images[5] = std::numeric_limits<float>::quiet_NaN();
      return &spoilt_;
    }
    [[nodiscard]] std::string sample_name(std::uint32_t ordinal) const override { return from_->sample_name(ordinal); }

   private:
    test::Batches* from_;
    int epoch_, now_ = 0;
    std::size_t step_, at_ = 0;
    ctp::data::Batch spoilt_;
  };

  Run run;
  test::Batches first(sizes, steps, 3, 6, 1), second(sizes, steps, 3, 6, 2);
  learner.learn(first, "first");
  const int before = Simulated::downloads();
  try {
    Spoilt source(second, bad_epoch, bad_step);
    learner.learn(source, "second");
  } catch (const ctp::NumericError& error) {
    run.error = error.what();
  }
  run.waits = Simulated::downloads() - before;
  run.state = test::snapshot(learner).values;
  run.reports = reports.all;
  run.names = reports.names;
  return run;
}

}  // namespace

TEST_CASE("pending steps: read several at a time, steps give the same weights, states and reports as read one by one") {
  const auto check = []<class Strategy>() {
    const Run each = train<Strategy>(1, false);
    CHECK(each.reports.size() == 2 * 2 * steps);
    for (const auto& [every, record] : {std::pair{2, false}, {3, true}, {16, true}}) {
      CAPTURE(every);
      const Run some = train<Strategy>(every, record);
      CHECK(some.state == each.state);
      CHECK(some.reports == each.reports);
      CHECK(some.names == each.names);
      CHECK(some.waits == 2 * ((steps + every - 1) / every));  // once in a while and at the end of an epoch
    }
  };
  SUBCASE("seqf") { check.operator()<ctp::strategy::SeqF>(); }
  SUBCASE("ctp") { check.operator()<ctp::strategy::Ctp>(); }
  SUBCASE("si, whose penalty has a value") { check.operator()<ctp::strategy::Si>(); }
}

TEST_CASE("pending steps: a state is saved when all steps are read, and goes on from there with the same bits") {
  using Strategy = ctp::strategy::Ctp;
  const ctp::TrainOptions options{
      .epochs = 2, .rate = 1e-3, .seed = 3, .capture_steps = true, .read_every = 3, .read_seconds = 1e9};
  test::Batches first(test::micro, steps, 3, 6, 1), second(test::micro, steps, 3, 6, 2);
  Learner<Strategy> whole(Learner<Strategy>::Model(test::micro), options);
  test::SavedStates saved(whole);
  whole.learn(first, "first");
  whole.learn(second, "second");
  // Behind three steps, behind the epoch, behind three steps of the next, behind the task.
  std::vector<std::uint64_t> places;
  for (const ctp::Position& p : saved.places) places.push_back(p.in_task ? p.epoch * 100 + p.batch : 1000);
  CHECK(places == std::vector<std::uint64_t>{3, 100, 103, 1000, 3, 100, 103, 1000});
  for (std::size_t i = 0; i < saved.states.size(); ++i) {
    CAPTURE(i);
    Learner<Strategy> rest(Learner<Strategy>::Model(test::micro), options);
    rest.restore(saved.states[i]);
    test::SavedStates again(rest);
    if (i < 3) rest.learn(first, "first");
    if (i < 7) rest.learn(second, "second");
    CHECK(test::goes_on_as(again, saved, i));
  }
}

TEST_CASE("pending steps: a state restored after an error knows nothing of the steps before") {
  using Strategy = ctp::strategy::Ctp;
  class Thrower final : public ctp::Observer {
   public:
    void step_done(const ctp::StepReport& report) override {
      if (report.global_step == at) throw std::runtime_error("the log is full");
    }
    std::uint64_t at = 2 * steps;
  };
  const ctp::TrainOptions options{.epochs = 1, .rate = 1e-3, .read_every = 3, .read_seconds = 1e9};
  test::Batches first(test::micro, steps, 3, 6, 1), second(test::micro, steps, 3, 6, 2),
      spoilt(test::micro, steps, 3, 6, 3);
  spoilt.list[1].images[5] = std::numeric_limits<float>::quiet_NaN();
  Learner<Strategy> learner(Learner<Strategy>::Model(test::micro), options);
  Thrower thrower;
  thrower.at = 1000;
  learner.observe(thrower);
  learner.learn(first, "first");
  const ctp::StateArchive saved = learner.state();
  learner.learn(second, "second");
  const std::vector<float> expected = learner.weights();
  // The observer throws at the first of three steps, of which the second is not finite.
  thrower.at = 2 * steps;
  CHECK_THROWS_WITH_AS(learner.learn(spoilt, "spoilt"), "the log is full", std::runtime_error);
  CHECK_THROWS_WITH_AS((void)learner.state(),
                       "Learner::state: expected a call between two steps, found one within a step or after an error; "
                       "call it in Observer::between_steps(), and keep the state of the last call",
                       ctp::UsageError);
  learner.restore(saved);
  CHECK(learner.state().changed_in(saved).empty());
  thrower.at = 1000;
  learner.learn(second, "second");
  CHECK(learner.weights() == expected);
}

TEST_CASE("pending steps: a non-finite step makes the device skip all submitted steps after it") {
  const auto check = []<class Strategy>() {
    // For one strategy at every place among the steps read together; for the other strategies in the middle.
    const bool all = std::is_same_v<Strategy, ctp::strategy::SeqF>;
    for (const std::size_t bad : all ? std::vector<std::size_t>{0, 2, 4} : std::vector<std::size_t>{1}) {
      CAPTURE(bad);
      const Run each = train<Strategy>(1, false, 1, bad);
      CHECK(each.error.find("task 1, epoch 1, step " + std::to_string(steps + bad)) == 0);
      CHECK(each.reports.size() == 2 * steps + steps + bad);
      const Run some = train<Strategy>(3, true, 1, bad);
      CHECK(some.error == each.error);
      CHECK(some.reports == each.reports);
      CHECK(some.state == each.state);
    }
  };
  SUBCASE("seqf") { check.operator()<ctp::strategy::SeqF>(); }
  SUBCASE("ctp, whose queue and momentum model move") { check.operator()<ctp::strategy::Ctp>(); }
  SUBCASE("si") { check.operator()<ctp::strategy::Si>(); }
}

TEST_CASE("pending steps: after a non-finite step, training continues from the last finite one") {
  const auto run = [](bool disturbed) {
    ctp::TrainOptions options{.epochs = 1, .rate = 1e-3};
    Learner<ctp::strategy::SeqF> learner(Learner<ctp::strategy::SeqF>::Model(test::micro), options);
    test::Batches task(test::micro, 2, 3, 6, 1);
    learner.begin_task(2);
    learner.step(task.list[0]);
    if (disturbed) {
      ctp::data::Batch bad = task.list[0];
      bad.images[0] = std::numeric_limits<float>::quiet_NaN();
      CHECK_THROWS_AS(learner.step(bad), ctp::NumericError);
    }
    learner.step(task.list[1]);
    return test::snapshot(learner).values;
  };
  CHECK(run(true) == run(false));
}

TEST_CASE("pending steps: an error of a batch comes after the reports of the steps before it") {
  class Broken final : public ctp::data::BatchSource {
   public:
    [[nodiscard]] std::size_t steps() const override { return 4; }
    void start(std::uint32_t) override { at_ = 0; }
    const ctp::data::Batch* next() override {
      if (at_ == 3) throw ctp::DataError("picture");
      return &good.list[at_++];
    }
    test::Batches good{test::micro, 4, 3, 6, 1};

   private:
    std::size_t at_ = 0;
  };
  Learner<ctp::strategy::SeqF> learner(Learner<ctp::strategy::SeqF>::Model(test::micro),
                                       {.epochs = 1, .read_seconds = 1e9});
  RecordedReports reports;
  learner.observe(reports);
  Broken source;
  CHECK_THROWS_AS(learner.learn(source, "broken"), ctp::DataError);
  CHECK(reports.all.size() == 3);
}

TEST_CASE("pending steps: every step is reported once, though an observer throws") {
  class Throws final : public ctp::Observer {
   public:
    void step_done(const ctp::StepReport& r) override {
      seen.push_back(r.step);
      if (r.step == 1 && seen.size() == 2) throw ctp::UsageError("enough");
    }
    std::vector<std::uint64_t> seen;
  };
  Learner<ctp::strategy::SeqF> learner(Learner<ctp::strategy::SeqF>::Model(test::micro),
                                       {.epochs = 1, .read_seconds = 1e9});
  Throws observer;
  learner.observe(observer);
  test::Batches task(test::micro, 4, 3, 6, 1);
  CHECK_THROWS_AS(learner.learn(task, "task"), ctp::UsageError);
  learner.step(task.list[0]);
  CHECK(observer.seen == std::vector<std::uint64_t>{0, 1, 2, 3, 4});
}

TEST_CASE("pending steps: an unfit batch is refused after the reports of the steps before it") {
  Learner<ctp::strategy::SeqF> learner(Learner<ctp::strategy::SeqF>::Model(test::micro),
                                       {.epochs = 1, .read_seconds = 1e9});
  RecordedReports reports;
  learner.observe(reports);
  test::Batches task(test::micro, 4, 3, 6, 1);
  task.list[2].ids[1] = test::micro.vocab;
  CHECK_THROWS_AS(learner.learn(task, "task"), ctp::UsageError);
  CHECK(reports.all.size() == 2);
}

TEST_CASE("pending steps: observers of the steps before a non-finite one see the learner as before that step") {
  using Seqf = Learner<ctp::strategy::SeqF>;
  class Counts final : public ctp::Observer {
   public:
    explicit Counts(Seqf& learner) : learner_(&learner) {}
    void step_done(const ctp::StepReport&) override {
      for (const auto& [name, values] : test::snapshot(*learner_).values)
        if (name == "adamw.steps" || name == "task_step" || name == "global_step") seen.push_back(values[0]);
    }
    std::vector<double> seen;

   private:
    Seqf* learner_;
  };
  Seqf learner(Seqf::Model(test::micro), {.epochs = 1, .read_seconds = 1e9});
  Counts counts(learner);
  learner.observe(counts);
  test::Batches task(test::micro, 5, 3, 6, 1);
  task.list[2].images[5] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(learner.learn(task, "task"), ctp::NumericError);
  CHECK(counts.seen == std::vector<double>(6, 2));  // two steps, three counters
}

TEST_CASE(
    "pending steps: steps that an observer's error left without a report are reported before another task begins") {
  class Once final : public ctp::Observer {
   public:
    void task_begins(std::uint32_t, const std::string&, std::uint64_t) override { events.push_back(-1); }
    void step_done(const ctp::StepReport& r) override {
      events.push_back(static_cast<int>(r.step));
      if (std::exchange(throws, false)) throw ctp::UsageError("once");
    }
    std::vector<int> events;
    bool throws = true;
  };
  Learner<ctp::strategy::SeqF> learner(Learner<ctp::strategy::SeqF>::Model(test::micro),
                                       {.epochs = 1, .read_seconds = 1e9});
  Once observer;
  learner.observe(observer);
  test::Batches task(test::micro, 3, 3, 6, 1);
  CHECK_THROWS_AS(learner.learn(task, "task"), ctp::UsageError);
  learner.learn(task, "again");
  CHECK(observer.events == std::vector<int>{-1, 0, 1, 2, -1, 0, 1, 2});
}

namespace {

/// A loss with a commit() that computes on the tape, or breaks a rule of commit().
struct Commits {
  static constexpr const char* name = "commits";
  static constexpr ctp::Needs needs{};
  enum class Does { Computes, RequestsNewOutput, Uploads };
  static inline Does does = Does::Computes;

  template <class Model>
  struct State {
    ctp::Buffer<typename Model::Real, typename Model::Backend> kept;
    template <class Archive>
    void visit(Archive& archive) {
      archive("kept", kept);
    }
  };
  template <class Model>
  State<Model> init(const Model& model, std::uint64_t) const {
    return {ctp::Buffer<typename Model::Real, typename Model::Backend>(3 * model.config().vision_width)};
  }
  template <class Step, class OwnState>
  auto loss(Step& step, OwnState&) const {
    const auto& pass = step.online.pass();
    return ctp::mean(pass, ctp::row_lengths(pass, step.online.image_raw()));
  }
  template <class Step, class OwnState>
  void commit(Step& step, OwnState& state) const {
    using B = typename Step::Backend;
    if (does == Does::RequestsNewOutput) static_cast<void>(step.online.fused());
    if (does == Does::Uploads) state.kept.assign(std::vector<float>(static_cast<std::size_t>(state.kept.size())));
    // First allocates much memory of the tape, then reads the step's outputs.
    const auto noise = step.online.pass().scratch(ctp::Shape<1>{100'000});
    B::fill(100'000, typename B::Real(7), noise.data);
    const auto tokens = step.online.image_tokens().value;
    B::copy(tokens.data, state.kept.size(), state.kept.data());
  }
};
struct Committing : ctp::strategy::SeqF {
  using Objective = Commits;
};

}  // namespace

TEST_CASE("pending steps: a commit that computes finds the step's values, replayed or not") {
  const auto kept = [](bool capture) {
    ctp::TrainOptions options{.epochs = 1, .read_seconds = 1e9};
    options.capture_steps = capture;
    Learner<Committing> learner(Learner<Committing>::Model(test::micro), options);
    test::Batches task(test::micro, 5, 3, 6, 1);
    learner.learn(task, "task");
    return test::snapshot(learner).values;
  };
  CHECK(kept(true) == kept(false));
}

TEST_CASE("pending steps: a commit that uses a new output, or the host, is an error") {
  const auto complaint = [](Commits::Does does) -> std::string {
    Learner<Committing> learner(Learner<Committing>::Model(test::micro), {.epochs = 1, .read_seconds = 1e9});
    test::Batches task(test::micro, 2, 3, 6, 1);
    Commits::does = does;
    std::string what;
    try {
      learner.learn(task, "task");
    } catch (const ctp::UsageError& error) {
      what = error.what();
    }
    Commits::does = Commits::Does::Computes;
    return what;
  };
  CHECK(complaint(Commits::Does::RequestsNewOutput).find("asked for in commit()") != std::string::npos);
  CHECK(complaint(Commits::Does::Uploads).find("upload: called from a policy's commit") != std::string::npos);
  CHECK(complaint(Commits::Does::Computes).empty());
}

TEST_CASE("host snapshot: plain members alone are written back, in the order of the visit") {
  enum class Kind { One, Two };
  std::int64_t steps_taken = 7;
  double rate = 0.5;
  bool flag = true;
  Kind kind = Kind::Two;
  std::array<int, 2> pair{3, 4};
  std::vector<int> list{1, 2};
  const auto visit = [&](auto&& archive) {
    archive("steps", steps_taken);
    archive("list", list);
    archive("rate", rate);
    archive(std::string("flag"), flag);
    archive("kind", kind);
    archive("pair", pair);
  };
  ctp::HostSnapshot before;
  before(std::string_view("old"), rate);
  before.clear();
  visit(before);
  steps_taken = 9;
  rate = 2;
  flag = false;
  kind = Kind::One;
  pair = {};
  list = {3};
  visit(before.restore());
  CHECK(steps_taken == 7);
  CHECK(rate == 0.5);
  CHECK(flag);
  CHECK(kind == Kind::Two);
  CHECK(pair == std::array<int, 2>{3, 4});
  CHECK(list == std::vector<int>{3});
  auto again = before.restore();
  visit(again);
  CHECK_THROWS_AS(again("more", rate), ctp::UsageError);
}
