#include <ctp/train/checkpoint/checkpoint.hpp>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/strategy/ctp_er.hpp>

#include <io/scratch.hpp>
#include <train/task_lists.hpp>
#include <train/training_fixture.hpp>

namespace {
using Learner = ctp::Learner<ctp::strategy::CtpEr, test::Model<float>>;
using SeqF = test::SeqF;
const ctp::TrainOptions options{.epochs = 2, .max_tokens = 7, .loading = {.batch_size = 4, .workers = 0}};

Learner learner_with(const ctp::TrainOptions& with = options) { return Learner(test::Model<float>(test::micro), with); }

/// Throws at a place.
class Fails final : public ctp::Observer {
 public:
  explicit Fails(std::uint64_t step) : step_(step) {}
  void between_steps(const ctp::Position& place) override {
    if (place.step == step_) throw std::runtime_error("the power failed");
  }

 private:
  std::uint64_t step_;
};
}  // namespace

TEST_CASE("checkpoint: a training that failed anywhere ends with the same bits from its last checkpoint") {
  const auto tasks = test::tasks_of(2);
  auto whole = learner_with();
  whole.learn_all(tasks);
  for (const std::uint64_t step : std::vector<std::uint64_t>{2, 4, 7, 12}  // the tasks have 4 and 8 steps
  ) {
    CAPTURE(step);
    const Scratch scratch;
    {
      ctp::io::CheckpointFolder checkpoints(scratch / "c");
      ctp::io::CheckpointWriter writer(checkpoints);
      auto broken = learner_with();
      ctp::CheckpointEvery every(broken, writer, {.steps = 3});
      Fails fails(step);
      broken.observe(every);
      broken.observe(fails);
      CHECK_THROWS_AS(broken.learn_all(tasks), std::runtime_error);
    }
    if (step == 2) continue;  // before the first checkpoint
    const ctp::io::CheckpointFolder checkpoints(scratch / "c");
    auto rest = learner_with();
    const ctp::LoadedCheckpoint loaded = rest.load(checkpoints);
    CHECK(loaded.step == (step == 7 ? 6 : step));
    CHECK(rest.place().step == loaded.step);
    rest.learn_all(tasks);
    CHECK(rest.state().changed_in(whole.state()).empty());
  }
}

TEST_CASE("checkpoint: save and load of a learner, and what is refused") {
  const Scratch scratch;
  ctp::io::CheckpointFolder checkpoints(scratch / "c");
  auto learner = learner_with();
  CHECK(message_of([&] { learner.load(checkpoints); }) ==
        "4: " + (scratch / "c") +
            ": expected a valid checkpoint, found none; begin the training anew, in another folder");
  learner.learn_all(test::tasks_of(1));
  learner.save(checkpoints);
  CHECK(checkpoints.steps() == std::vector<std::uint64_t>{4});

  ctp::TrainOptions other = options;
  other.rate = 0.5;
  other.seed = 3;
  auto different = learner_with(other);
  const auto before = different.state();
  CHECK(message_of([&] { different.load(checkpoints); }) ==
        "4: " + checkpoints.folder_of(4) +
            ": options.rate: expected 0.5, as this training has it, found 1e-04; give "
            "the training the same value, or allow the difference: AllowedDifferences{{\"options.rate\"}}");
  CHECK(different.state().changed_in(before).empty());
  const ctp::AllowedDifferences allowed{{"options.rate", "options.seed"}};
  CHECK(ctp::load_checkpoint(different, checkpoints, allowed).step == 4);
  CHECK(different.state().changed_in(learner.state()).empty());

  SeqF foreign(test::Model<float>(test::micro), options);
  CHECK(message_of([&] { foreign.load(checkpoints); })
            .find("strategy: expected seqf, as this training has it, found "
                  "ctp_er") != std::string::npos);

  std::filesystem::resize_file(checkpoints.folder_of(4) + "/part-000.safetensors", 100);
  CHECK(message_of([&] { learner.load(checkpoints); }).find("found 1 damaged ones; the newest: ") != std::string::npos);
  learner.save(checkpoints);
  CHECK(learner.load(checkpoints).passed_over.empty());
}
