// The whole library in one page: a model learns two small tasks, one after the other, with CTP.
// The pairs are made in memory: pictures of one colour each, in sixteen colours, each with a text of two words.
// [example]
#include <cstdint>
#include <cstdio>
#include <memory>
#include <vector>

#include <ctp/ctp.hpp>

namespace {

/// Makes a task of eight pairs: a picture of one colour, and a text that names the picture's shades of red and green.
/// All pictures of a task have the same shade of blue.
ctp::data::Task colours(const char* name, int blue) {
  const auto pairs = std::make_shared<ctp::data::MemorySource>();
  ctp::data::Task task{name, pairs, {}};
  for (int i = 0; i < 8; ++i) {
    ctp::data::Image picture(16, 16);
    for (std::size_t p = 0; p < picture.rgb.size(); p += 3) {
      picture.rgb[p] = static_cast<std::uint8_t>(80 * (i % 4));
      picture.rgb[p + 1] = static_cast<std::uint8_t>(200 * (i / 4));
      picture.rgb[p + 2] = static_cast<std::uint8_t>(blue);
    }
    // [CLS], a word for red, a word for green and blue, [SEP]; 0 to 4 are the special tokens
    task.members.push_back(pairs->add(picture, {2, 5 + i % 4, 9 + i / 4 + blue / 100, 3}, name));
  }
  return task;
}

}  // namespace

using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::Cpu>;

int main() {
  ctp::ModelConfig sizes = ctp::sizes::tiny;  // or small, or base
  sizes.image = 16;
  sizes.vocab = 16;
  ctp::TrainOptions options{
      .epochs = 40, .rate = 1e-3, .max_tokens = 4, .loading = {.batch_size = 8, .augment = false, .workers = 0}};
  ctp::Learner<ctp::strategy::Ctp, Model> learner(Model(sizes), options);

  const std::vector<ctp::data::Task> tasks{colours("dark", 0), colours("blue", 200)};
  for (const auto& task : tasks) {
    learner.learn(task);
    std::printf("after task '%s'\n", task.name.c_str());
    for (std::uint32_t seen = 0; seen < learner.tasks_seen(); ++seen)
      std::printf("  recall mean on '%s': %.0f %%\n", tasks[seen].name.c_str(),
                  ctp::eval::retrieval(learner, tasks[seen]).r_mean);
  }
}
// [example]

// prints: after task 'dark'
// prints:   recall mean on 'dark': 100 %
// prints: after task 'blue'
// prints:   recall mean on 'dark': ... %
// prints:   recall mean on 'blue': ... %
