#include <ctp/train/checkpoint/checkpoint_every.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <io/scratch.hpp>
#include <train/saved_states.hpp>
#include <train/task_lists.hpp>
#include <train/training_fixture.hpp>

namespace {
using Learner = test::SeqF;
using Steps = std::vector<std::uint64_t>;
const ctp::TrainOptions options{.epochs = 2, .max_tokens = 7, .loading = {.batch_size = 4, .workers = 0}};

/// Keeps what it is given.
struct Memory final : ctp::io::CheckpointSink {
  Steps steps;
  std::vector<ctp::io::CheckpointFacts> facts;
  std::vector<std::vector<ctp::NamedTensor>> states;
  bool is_busy = false, waited = false;  ///< waited: since the last checkpoint

  void submit(std::uint64_t step, ctp::io::CheckpointFacts with, ctp::TensorFile state) override {
    steps.push_back(step);
    waited = false;
    facts.push_back(std::move(with));
    states.push_back(std::move(state.tensors));
  }
  [[nodiscard]] bool busy() const override { return is_busy; }
  void wait() override { waited = true; }
};
struct Counter {
  std::int64_t count = 7;
  template <class Archive>
  void visit(Archive& archive) {
    archive("counter.count", count);
  }
};

/// The steps of the checkpoints of two tasks of four steps each.
Steps steps_with(ctp::CheckpointPlan plan, bool busy = false) {
  Learner learner(test::Model<float>(test::micro), options);
  Memory memory;
  memory.is_busy = busy;
  ctp::CheckpointEvery every(learner, memory, std::move(plan));
  learner.observe(every);
  learner.learn_all(test::tasks_of(2));
  return memory.steps;
}
}  // namespace

TEST_CASE("checkpoint_every: by steps, by time, and at the end of each task in any case") {
  CHECK(steps_with({.seconds = 0}) == Steps{4, 8});
  CHECK(steps_with({.steps = 1, .seconds = 0}) == Steps{1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(steps_with({.steps = 3, .seconds = 0}) == Steps{3, 4, 6, 8});
  CHECK(steps_with({.steps = 100}) == Steps{4, 8});
  CHECK(steps_with({.seconds = 1e-9}) == Steps{1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(steps_with({.seconds = 1e-9}, true) == Steps{4, 8});  // put off while the disk is busy
  CHECK(steps_with({.steps = 1, .seconds = 0}, true).size() == 8);
}

TEST_CASE("checkpoint_every: a checkpoint is the state at its place, with that of others, and the facts of both") {
  Learner learner(test::Model<float>(test::micro), options);
  Memory memory;
  Counter counter;
  ctp::CheckpointEvery every(
      learner, memory, {.steps = 1, .seconds = 0, .add_facts = [](auto& facts) { facts["mine"] = "x"; }}, counter);
  test::SavedStates saved(learner, counter);
  learner.observe(every);
  learner.learn_all(test::tasks_of(1));
  REQUIRE(memory.states.size() == 4);
  REQUIRE(saved.states.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(ctp::StateArchive(memory.states[i]).changed_in(saved.states[i]).empty());
    CHECK(memory.facts[i].at("mine") == "x");
    CHECK(memory.facts[i].at("strategy") == "seqf");
    CHECK(saved.places[i].step == i + 1);
  }
  CHECK(saved.states[0].names().find("counter.count") != std::string::npos);
  every.save_now();
  CHECK(memory.steps.size() == 5);
  CHECK(memory.steps.back() == 4);
  CHECK(memory.waited);  // until it is on the disk
}

TEST_CASE("checkpoint_every: an earlier checkpoint that could not be written does not keep a later one from the disk") {
  struct Failing final : ctp::io::CheckpointSink {
    int submitted = 0;
    bool failed = false;
    void submit(std::uint64_t, ctp::io::CheckpointFacts, ctp::TensorFile) override {
      wait();
      ++submitted;
      failed = submitted == 1;
    }
    [[nodiscard]] bool busy() const override { return false; }
    void wait() override {
      if (std::exchange(failed, false)) throw ctp::ResourceError("the disk is full");
    }
  };
  Learner learner(test::Model<float>(test::micro), options);
  Failing disk;
  ctp::CheckpointEvery every(learner, disk, {});
  CHECK(message_of([&] { every.save_now(); }) == "6: the disk is full");
  every.save_now();
  CHECK(disk.submitted == 2);
  disk.failed = true;  // of a checkpoint in between
  every.save_now();
  CHECK(disk.submitted == 3);
}
