// A learner that takes over a saved state goes on with the tasks of that state, and with no others. That all strategies
// give the same bits is in strategies.test.cpp.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <data/synthetic_source.hpp>

#include <ctp/optim/schedule/cosine.hpp>
#include <ctp/report/early_stop.hpp>
#include <ctp/report/loss_watch.hpp>
#include <ctp/strategy/afec.hpp>
#include <ctp/strategy/er.hpp>
#include <ctp/strategy/jointt.hpp>

#include "saved_states.hpp"
#include "task_lists.hpp"
#include "training_fixture.hpp"

namespace {

using ctp::data::Task;
using test::micro;
using test::Model;
using test::SavedStates;
using test::tasks_of;
using SeqF = test::SeqF;
using Er = ctp::Learner<ctp::strategy::Er, Model<float>>;
using Afec = ctp::Learner<ctp::strategy::Afec, Model<float>>;
using JointT = ctp::Learner<ctp::strategy::JointT, Model<float>>;

const ctp::TrainOptions options{.epochs = 2, .max_tokens = 7, .loading = {.batch_size = 4, .workers = 0}};

/// The message of a learner's refusal to go on from `state` with these tasks; empty if it goes on.
template <class Learner, class Options = ctp::TrainOptions>
std::string refusal(const ctp::StateArchive& state, const std::vector<Task>& tasks, const Options& with = options) {
  Learner rest(Model<float>(micro), with);
  rest.restore(state);
  try {
    rest.learn_all(tasks);
  } catch (const ctp::CheckpointError& error) {
    CHECK(rest.state().changed_in(state) == std::vector<std::string>{});  // nothing is lost
    return error.what();
  }
  return "";
}
/// Ends a task after three steps with a loss above 0.
class AfterThree final : public ctp::Observer {
 public:
  void task_begins(std::uint32_t, const std::string&, std::uint64_t) override { steps_ = 0; }
  void task_resumes(std::uint32_t, const std::string&, std::uint64_t) override {}
  bool ends_task(const ctp::StepReport& last) override { return last.loss > 0 && ++steps_ == 3; }
  [[nodiscard]] bool watches_steps() const override { return true; }
  template <class Archive>
  void visit(Archive& archive) {
    archive("after_three.steps", steps_);
  }

 private:
  std::uint64_t steps_ = 0;
};
constexpr const char* remedy = "; give the tasks, epochs and batch size of the interrupted training";

}  // namespace

TEST_CASE("resume: the tasks of the interrupted list go on, and no others") {
  const std::vector<Task> tasks = tasks_of(3);
  SeqF whole(Model<float>(micro), options);
  SavedStates saved(whole);
  whole.learn_all({tasks[0], tasks[1]});
  REQUIRE(saved.states.size() == 8);  // two tasks of four steps
  const auto& in_second = saved.states[5];
  CHECK(refusal<SeqF>(in_second, {tasks[0], tasks[1]}).empty());
  CHECK(refusal<SeqF>(saved.states[7], {tasks[0], tasks[1]}).empty());  // nothing is left
  CHECK(refusal<SeqF>(saved.states[7], {tasks[0]}) ==
        std::string("learn_all: task 2 of the list: expected the task of the interrupted training, found no task") +
            remedy);
  CHECK(refusal<SeqF>(in_second, {tasks[2], tasks[1]}) ==
        std::string("learn_all: task 1 of the list: expected the task of the interrupted training, found a task with "
                    "another name or other pairs") +
            remedy);
  std::vector<Task> renamed{tasks[0], tasks[1]};
  renamed[1].name = "another";
  CHECK(refusal<SeqF>(in_second, renamed).starts_with("learn_all: task 2 of the list: expected"));
  CHECK(refusal<SeqF>(saved.states[3], {tasks[0], tasks[2]}).empty());  // between two tasks, the next one is free

  ctp::TrainOptions other = options;
  other.epochs = 4;
  other.loading.batch_size = 8;  // as many steps in all
  CHECK(refusal<SeqF>(in_second, {tasks[0], tasks[1]}, other) ==
        std::string("task 'task 2': epochs: expected 2, as when the state was saved, found 4") + remedy);
  other.epochs = 2;
  CHECK(refusal<SeqF>(in_second, {tasks[0], tasks[1]}, other) ==
        std::string("task 'task 2': steps of an epoch: expected 2, as when the state was saved, found 1") + remedy);
  CHECK(refusal<SeqF>(saved.states[3], {tasks[0], tasks[1]}, other).empty());
}

TEST_CASE("resume: after a refusal, the right call goes on") {
  const std::vector<Task> tasks = tasks_of(2);
  SeqF whole(Model<float>(micro), options);
  SavedStates saved(whole);
  whole.learn_all(tasks);
  SeqF rest(Model<float>(micro), options);
  rest.restore(saved.states[5]);
  SavedStates again(rest);
  CHECK_THROWS_AS(rest.learn_all({tasks[0]}), ctp::CheckpointError);
  CHECK_THROWS_AS(rest.learn_all(tasks, std::vector<ctp::TaskPlan>(2, {.epochs = 3})), ctp::CheckpointError);
  CHECK_THROWS_AS(rest.learn(tasks[0]), ctp::CheckpointError);
  Task small = tasks[1];
  small.members.resize(2);
  CHECK_THROWS_AS(rest.learn(small), ctp::UsageError);
  rest.learn_all(tasks);
  CHECK(test::goes_on_as(again, saved, 5));
}

TEST_CASE("resume: a list that has ended is over, so the next list is a new one") {
  const std::vector<Task> tasks = tasks_of(4, 4);
  const auto check = [&]<class Learner>(std::size_t trainings) {
    Learner whole(Model<float>(micro), options);
    whole.learn_all({tasks[0], tasks[1]});
    const ctp::StateArchive between = whole.state();
    whole.learn_all({tasks[2], tasks[3]});
    CHECK(whole.tasks_seen() == 2 * trainings);

    Learner rest(Model<float>(micro), options);
    rest.restore(between);
    rest.learn_all({tasks[2], tasks[3]});
    CHECK(rest.weights() == whole.weights());
    // The second list, interrupted within itself.
    Learner broken(Model<float>(micro), options);
    broken.restore(between);
    SavedStates saved(broken);
    broken.learn_all({tasks[2], tasks[3]});
    for (std::size_t i = 0; i < saved.states.size(); ++i) {
      CAPTURE(i);
      Learner second(Model<float>(micro), options);
      second.restore(saved.states[i]);
      SavedStates again(second);
      second.learn_all({tasks[2], tasks[3]});
      CHECK(test::goes_on_as(again, saved, i));
    }
  };
  SUBCASE("seqf") { check.operator()<SeqF>(2); }
  SUBCASE("jointt, which joins each list") { check.operator()<JointT>(1); }
}

TEST_CASE("resume: one task at a time goes on by the number of tasks seen; the vocabulary is part of the state") {
  const std::vector<Task> tasks = tasks_of(2);
  const ctp::data::TokenIds ids{micro.vocab, micro.pad, micro.unk, micro.cls, micro.sep, micro.mask, "0123"};
  SeqF whole(Model<float>(micro), options);
  whole.adopt_vocabulary(ids, "this test");
  SavedStates saved(whole);
  for (const Task& task : tasks) whole.learn(task);
  for (std::size_t i = 0; i < saved.states.size(); ++i) {
    CAPTURE(i);
    SeqF rest(Model<float>(micro), options);
    rest.restore(saved.states[i]);
    CHECK(rest.token_ids() == std::optional(ids));
    CHECK(rest.place().tasks_seen == rest.tasks_seen());
    CHECK(rest.place().in_task == (i % 4 != 3));
    CHECK(rest.place().epoch == (i % 4 == 3 ? 0U : (i % 4 + 1) / 2));
    CHECK(rest.place().batch == (i % 4 == 3 ? 0U : (i % 4 + 1) % 2));
    SavedStates again(rest);
    for (std::size_t t = rest.tasks_seen(); t < tasks.size(); ++t) rest.learn(tasks[t]);
    CHECK(test::goes_on_as(again, saved, i));
  }
  // A task that is begun by hand is a new one.
  SeqF by_hand(Model<float>(micro), options);
  by_hand.restore(saved.states[5]);
  by_hand.begin_task(7);
  CHECK(by_hand.place().epoch == 0);
  by_hand.end_task();
  CHECK_FALSE(by_hand.place().in_task);
}

TEST_CASE("resume: plans of tasks, with rates and epochs of their own, for a penalty with a model of its own") {
  const std::vector<Task> tasks = tasks_of(2);
  const std::vector<ctp::TaskPlan> plans{
      {.epochs = 1, .rate = 1e-2},
      {.epochs = 3, .rate = 3e-3, .schedule = ctp::TaskPlan::by(ctp::optim::Cosine{.warmup_share = 0.3})}};
  Afec whole(Model<float>(micro), options);
  SavedStates saved(whole);
  whole.learn_all(tasks, plans);
  for (std::size_t i = 0; i < saved.states.size(); ++i) {
    CAPTURE(i);
    Afec rest(Model<float>(micro), options);
    rest.restore(saved.states[i]);
    SavedStates again(rest);
    rest.learn_all(tasks, plans);
    CHECK(test::goes_on_as(again, saved, i));
  }
}

TEST_CASE("resume: observers that count are saved with the learner, so a task ends early at the same step") {
  const std::vector<Task> tasks = tasks_of(2);
  ctp::TrainOptions many = options;
  many.epochs = 6;
  many.rate = many.min_rate = 1e-9;  // the loss does not fall, so EarlyStop ends the tasks
  const auto check = [&](auto make) {
    auto counts = make();
    SeqF whole(Model<float>(micro), many);
    whole.observe(*counts);
    SavedStates saved(whole, *counts);
    whole.learn_all(tasks);
    REQUIRE(whole.tasks_seen() == 2);
    CHECK(saved.reports.size() < 24);  // the tasks ended early
    for (std::size_t i = 0; i < saved.states.size(); ++i) {
      CAPTURE(i);
      auto restored = make();
      SeqF rest(Model<float>(micro), many);
      rest.restore(saved.states[i], *restored);
      rest.observe(*restored);
      SavedStates again(rest, *restored);
      rest.learn_all(tasks);
      CHECK(test::goes_on_as(again, saved, i));
    }
  };
  SUBCASE("after each epoch") {
    check([] { return std::make_unique<ctp::report::EarlyStop>(1, 0.5); });
  }
  SUBCASE("after each step") {
    check([] { return std::make_unique<AfterThree>(); });
  }
}

TEST_CASE("resume: jumps of the loss are counted on, and the first one is told once") {
  const auto steps_of = [](ctp::report::LossWatch& watch, std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      ctp::StepReport report;
      report.loss = i % 10 == 8 ? 100 : 1;
      watch.step_done(report);
    }
  };
  for (const std::size_t at : {3U, 8U, 9U, 20U}) {
    CAPTURE(at);
    int told = 0;
    ctp::report::LossWatch whole([&](const auto&, double) { ++told; }), rest([&](const auto&, double) { ++told; });
    whole.task_begins(0, "t", 40);
    steps_of(whole, 0, at);
    ctp::StateArchive::of(whole).restore(rest);
    rest.task_resumes(0, "t", 40);
    steps_of(rest, at, 40);
    CHECK(told == 1);
    CHECK(rest.jumps() == 4);
    CHECK(rest.largest() == 100);
  }
}

TEST_CASE("resume: a source without start_at() of its own makes the batches before the place and leaves them out") {
  class Counted final : public ctp::data::BatchSource {
   public:
    explicit Counted(test::Batches& from) : from_(&from) {}
    [[nodiscard]] std::size_t steps() const override { return from_->steps(); }
    void start(std::uint32_t epoch) override { from_->start(epoch); }
    const ctp::data::Batch* next() override {
      ++made;
      return from_->next();
    }
    int made = 0;

   private:
    test::Batches* from_;
  };
  test::Batches batches(micro, 3, 4, 7, 1);
  ctp::TrainOptions plain = options;
  SeqF whole(Model<float>(micro), plain);
  SavedStates saved(whole);
  whole.learn(batches, "by batches");
  REQUIRE(saved.states.size() == 6);
  for (std::size_t i = 0; i < 5; ++i) {
    CAPTURE(i);
    SeqF rest(Model<float>(micro), plain);
    rest.restore(saved.states[i]);
    SavedStates again(rest);
    Counted source(batches);
    rest.learn(source, "by batches");
    CHECK(test::goes_on_as(again, saved, i));
    CHECK(source.made == (i < 2 ? 8 : 4));  // whole epochs of three batches and their end
  }
  SeqF other(Model<float>(micro), plain);
  other.restore(saved.states[1]);
  CHECK_THROWS_AS(other.learn(batches, "by other batches"), ctp::CheckpointError);
}

TEST_CASE("resume: an error leaves no state to save, and the state saved before goes on") {
  const std::vector<Task> tasks = tasks_of(2);
  SeqF whole(Model<float>(micro), options);
  SavedStates saved(whole);
  whole.learn_all(tasks);
  class Failing final : public ctp::Observer {
   public:
    void step_done(const ctp::StepReport& report) override {
      if (report.global_step == 5 && !std::exchange(failed, true)) throw std::runtime_error("in step_done()");
    }
    bool failed = false;
  } failing;
  SeqF learner(Model<float>(micro), options);
  learner.observe(failing);
  SavedStates before(learner);
  CHECK_THROWS_AS(learner.learn_all(tasks), std::runtime_error);
  CHECK_THROWS_AS((void)learner.state(), ctp::UsageError);
  learner.restore(before.states.back());
  CHECK(learner.place().tasks_seen == 1);
  learner.learn_all(tasks);
  CHECK(learner.weights() == whole.weights());

  // An error of between_steps() itself leaves the state of that place.
  class Refusing final : public ctp::Observer {
   public:
    explicit Refusing(SeqF& of) : of_(&of) { of.observe(*this); }
    void between_steps(const ctp::Position& place) override {
      if (place.tasks_seen == 0 || std::exchange(refused, true)) return;
      CHECK_THROWS_WITH_AS(of_->restore(of_->state()),
                           "Learner::restore: expected a call outside of a training, found one in "
                           "Observer::between_steps()",
                           ctp::UsageError);
      throw std::runtime_error("in between_steps()");
    }
    bool refused = false;

   private:
    SeqF* of_;
  };
  SeqF stopped(Model<float>(micro), options);
  Refusing refusing(stopped);
  CHECK_THROWS_AS(stopped.learn_all(tasks), std::runtime_error);
  stopped.restore(stopped.state());
  stopped.learn_all(tasks);
  CHECK(stopped.weights() == whole.weights());
}

TEST_CASE("resume: bad pictures found before an interruption stay known, so the same pairs are kept") {
  std::vector<Task> tasks = tasks_of(3);
  const auto source = std::make_shared<test::SyntheticSource>(24);
  source->before_image = [](std::uint32_t ordinal) {
    if (ordinal == 5) throw ctp::DataError("cut short");
  };
  for (Task& task : tasks) task.source = source;
  ctp::TrainOptions quarantine = options;
  quarantine.loading.on_bad_image = ctp::data::OnBadImage::Quarantine;
  quarantine.loading.bad_image_limit = 0.2;
  const auto learner = [&] {
    auto made = std::make_unique<Er>(Model<float>(micro), quarantine);
    made->rehearsal().budget = 12;
    return made;
  };
  const auto whole = learner();
  SavedStates saved(*whole);
  whole->learn_all(tasks);
  const auto& kept = whole->rehearsal_state().members;
  CHECK(std::find(kept.begin(), kept.end(), 5U) == kept.end());
  for (std::size_t i = 0; i < saved.states.size(); ++i) {
    CAPTURE(i);
    const auto rest = learner();
    rest->restore(saved.states[i]);
    SavedStates again(*rest);
    rest->learn_all(tasks);
    CHECK(test::goes_on_as(again, saved, i));
  }
  // A reservoir that was full cannot grow.
  const auto larger = learner();
  larger->rehearsal().budget = 100;
  larger->restore(saved.states.back());
  CHECK_THROWS_WITH_AS(larger->learn(tasks[0]),
                       "reservoir: budget: expected at most 12, as when these pairs were kept, found 100; a reservoir "
                       "that was full cannot grow",
                       ctp::UsageError);
}
