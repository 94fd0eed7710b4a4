// A training that is interrupted goes on. Between two steps an observer writes the learner's state to a file. A new
// learner takes the state over and learns the same tasks: what is learned is passed over, and the weights at the end
// have the same bits as without the interruption.
// [example]
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <vector>

#include <ctp/ctp.hpp>
#include <ctp/io/weights/safetensors.hpp>

using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::Cpu>;
using Learner = ctp::Learner<ctp::strategy::CtpEr, Model>;

/// Writes the state to a file at every place between two steps. At the last of `places` the power fails.
class SaveState final : public ctp::Observer {
 public:
  SaveState(Learner& learner, int places) : learner_(&learner), left_(places) { learner.observe(*this); }
  void between_steps(const ctp::Position& place) override {
    ctp::io::write_safetensors("10_state.safetensors", {learner_->state().tensors(), {}, {}});
    if (--left_ == 0) {
      std::printf("interrupted in task %u, epoch %u, after %d batches\n", place.tasks_seen, place.epoch,
                  static_cast<int>(place.batch));
      throw std::runtime_error("the power failed");
    }
  }

 private:
  Learner* learner_;
  int left_;
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

  Learner whole(Model(sizes), options), broken(Model(sizes), options), rest(Model(sizes), options);
  whole.learn_all(tasks);
  SaveState saving(broken, 11);
  try {
    broken.learn_all(tasks);
  } catch (const std::runtime_error&) {  // a real failure would end the program here
  }
  rest.restore(ctp::StateArchive(ctp::io::read_safetensors("10_state.safetensors").tensors));
  rest.learn_all(tasks);
  std::printf("the weights have the same bits: %s\n", rest.weights() == whole.weights() ? "yes" : "no");
  std::remove("10_state.safetensors");
}
// [example]

// prints: interrupted in task 1, epoch 0, after 5 batches
// prints: the weights have the same bits: yes
