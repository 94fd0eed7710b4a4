// A training that is killed goes on. An observer saves checkpoints; a new learner loads the newest valid one and learns
// the same tasks: what is learned is passed over, and the weights at the end have the same bits as without the kill.
// [example]
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <vector>

#include <ctp/ctp.hpp>
#include <ctp/train/checkpoint/checkpoint.hpp>

using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::Cpu>;
using Learner = ctp::Learner<ctp::strategy::CtpEr, Model>;

/// Kills the process after a step, as the system does when the memory is exhausted.
struct Killed final : ctp::Observer {
  void between_steps(const ctp::Position& place) override {
    if (place.step == 11) std::raise(SIGKILL);
  }
};

int main() {
  const auto pairs = std::make_shared<ctp::data::MemorySource>();
  std::vector<ctp::data::Task> tasks{{"first", pairs, {}}, {"second", pairs, {}}};
  for (int i = 0; i < 24; ++i)  // pictures of one grey each; [CLS], a word, [SEP]
    tasks[i / 12].members.push_back(
        pairs->add(ctp::data::Image(16, 16, static_cast<std::uint8_t>(10 * i)), {2, 5 + i, 3}, "grey"));
  ctp::ModelConfig sizes = ctp::sizes::tiny;
  sizes.image = 16;
  sizes.vocab = 32;
  const ctp::TrainOptions options{.epochs = 2, .max_tokens = 3, .loading = {.batch_size = 4}};

  ctp::io::CheckpointFolder checkpoints("10_checkpoints");
  if (const pid_t child = fork(); child == 0) {
    ctp::io::CheckpointWriter writer(checkpoints);  // a thread that writes while the training goes on
    Learner learner(Model(sizes), options);
    ctp::CheckpointEvery every(learner, writer, {.steps = 4});
    Killed killed;
    learner.observe(every);
    learner.observe(killed);
    learner.learn_all(tasks);
  } else {
    waitpid(child, nullptr, 0);
  }
  Learner rest(Model(sizes), options), whole(Model(sizes), options);
  const ctp::LoadedCheckpoint loaded = rest.load(checkpoints);
  std::printf("killed after step 11; goes on from a checkpoint: %s\n", loaded.step < 11 ? "yes" : "no");
  rest.learn_all(tasks);
  whole.learn_all(tasks);
  std::printf("the weights have the same bits: %s\n", rest.weights() == whole.weights() ? "yes" : "no");
  std::filesystem::remove_all(checkpoints.path());
}
// [example]

// prints: killed after step 11; goes on from a checkpoint: yes
// prints: the weights have the same bits: yes
