// Pairs per second of a small training in memory, for docs/use_it.md: what a compiler's flag is worth.
#include <chrono>
#include <cstdio>
#include <memory>

#include <ctp/ctp.hpp>

int main() {
  using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::Cpu>;
  constexpr int pairs = 48, epochs = 6;
  ctp::ModelConfig sizes = ctp::sizes::tiny;
  sizes.vocab = 64;
  ctp::Learner<ctp::strategy::SeqF, Model> learner(
      Model(sizes), {.epochs = epochs, .max_tokens = 16, .loading = {.batch_size = 16, .workers = 0}});
  const auto source = std::make_shared<ctp::data::MemorySource>();
  ctp::data::Task task{"greys", source, {}};
  for (int i = 0; i < pairs; ++i) {
    const ctp::data::Image picture(sizes.image, sizes.image, static_cast<unsigned char>(5 * i));
    task.members.push_back(source->add(picture, {2, 5 + i, 6, 7, 8, 9, 3}));
  }
  const auto begin = std::chrono::steady_clock::now();
  learner.learn(task);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  std::printf("%.1f pairs per second\n", pairs * epochs / taken.count());
}
