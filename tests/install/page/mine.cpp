// The program of docs/use_it.md.
// [program]
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include <ctp/ctp.hpp>
#include <ctp/data.hpp>
#include <ctp/interop/features.hpp>
#include <ctp/interop/npy.hpp>
#include <ctp/io/directories.hpp>
#include <ctp/io/weights/safetensors.hpp>

#include "mine.hpp"

using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::Cpu>;
using Learner = ctp::Learner<Mine, Model>;

int main() {
  const auto samples = ctp::data::pairs_by_table("pictures", "captions.csv");  // file,caption,task
  const auto tokenizer = ctp::data::tokenizer_of(samples);
  const auto tasks = ctp::data::tasks_of(samples, tokenizer);

  const ctp::ModelConfig sizes = ctp::sizes::tiny.for_tokenizer(tokenizer);
  const ctp::TrainOptions options{.epochs = 2, .loading = {.batch_size = 8}};
  Learner learner(Model(sizes), options);
  learner.learn_all(tasks, [&](Learner&, std::size_t last) {
    std::printf("after task '%s':", tasks[last].name.c_str());
    for (std::size_t t = 0; t <= last; ++t) std::printf(" %.0f", ctp::eval::retrieval(learner, tasks[t]).r_mean);
    std::printf("\n");
  });
  // [program]

  // [keep]
  learner.save("mine.safetensors", tokenizer);  // and vocab.txt beside it
  Learner again(Model(sizes), options);
  again.load("mine.safetensors");

  const std::vector<std::string> prompts{"a red bag", "a blue shoe"};
  const ctp::EncodedRows texts = again.encode_texts(prompts, tokenizer);  // rows of unit length
  const ctp::EncodedRows pictures = again.encode_images(tasks.front());   // or of std::vector<ctp::data::Image>
  const ctp::ExtractedFeatures features = again.features(tasks.front());  // image and text, pair by pair
  const ctp::eval::RetrievalScores scores = ctp::eval::retrieval(again, tasks.front());
  // [keep]
  std::printf("%zu prompts, %zu pictures, %zu pairs, recall mean %.0f\n", texts.rows, pictures.rows, features.pairs,
              scores.r_mean);

  // [bridges]
  const auto rows = static_cast<std::int64_t>(texts.rows), width = static_cast<std::int64_t>(texts.width);
  ctp::interop::write_npy("prompts.npy", {rows, width}, std::span<const float>(texts.values));
  ctp::io::write_safetensors("features.safetensors", ctp::interop::features_file(features));

  ctp::io::make_directories("weights");
  const std::vector<float> weights = again.weights();
  for (const ctp::NamedTensor& tensor : ctp::named_weights(again.model().layout(), std::span<const float>(weights)))
    ctp::interop::write_npy("weights/" + tensor.name + ".npy", tensor);
  // [bridges]
}
