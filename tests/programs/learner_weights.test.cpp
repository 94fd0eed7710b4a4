// Weights that a Learner of one's own program saves are read by evaluate, which finds the Learner's numbers.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <ctp/backend/cpu/backend.hpp>
#include <ctp/data/pairs/file_source.hpp>
#include <ctp/encoder/bert.hpp>
#include <ctp/encoder/model.hpp>
#include <ctp/encoder/vit.hpp>
#include <ctp/io/json/document.hpp>
#include <ctp/strategy/ctp.hpp>
#include <ctp/train/evaluate.hpp>
#include <ctp/train/learner.hpp>
#include <ctp/train/weights/weights_file.hpp>

#include "data/temporary_folder.hpp"
#include "programs/program.hpp"

TEST_CASE("programs: evaluate finds the features and the recalls of a learner in the weights that it saved") {
  using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::Cpu>;
  const test::TemporaryFolder folder;
  const ctp::data::P9d stream(test::small_stream());
  const ctp::data::Tokenizer tokenizer(ctp::data::build_vocabulary(ctp::data::cleaned_titles(stream.train(), 9)));
  const ctp::data::FileSourceOptions reading{.max_words = 9, .length = 9};
  ctp::ModelConfig sizes = ctp::sizes::tiny.for_tokenizer(tokenizer);
  sizes.image = 32;
  ctp::TrainOptions options{.epochs = 1, .rate = 1e-3, .max_tokens = 9};
  options.loading.batch_size = 4;
  options.loading.workers = 0;
  ctp::Learner<ctp::strategy::Ctp, Model> learner(Model(sizes), options);
  learner.learn(ctp::data::training_tasks(stream, tokenizer, reading).front());
  learner.save(folder.path("mine.safetensors"), tokenizer);

  const auto run =
      test::run_program("evaluate", {"--data", test::small_stream(), "--weights", folder.path("mine.safetensors"),
                                     "--features", folder.path("features.safetensors"), "--json", "--workers", "0"});

  REQUIRE_MESSAGE(run.code == 0, run.err);
  const auto source = std::make_shared<const ctp::data::FileSource>(stream.test(), tokenizer, reading);
  ctp::data::Task all{"test", source, std::vector<std::uint32_t>(source->size())};
  std::iota(all.members.begin(), all.members.end(), 0U);
  const ctp::ExtractedFeatures found = learner.features(all, {.retrieval = true, .fusion = true});
  const ctp::TensorFile written = ctp::io::read_safetensors(folder.path("features.safetensors"));
  const auto difference = [&](const char* name, const std::vector<float>& expected) {
    std::vector<float> values(written.at(name).element_count());
    written.at(name).copy_to(std::span<float>(values));
    REQUIRE(values.size() == expected.size());
    float largest = 0;
    for (std::size_t i = 0; i < values.size(); ++i) largest = std::max(largest, std::abs(values[i] - expected[i]));
    return largest;
  };
  CHECK(difference("image", found.image) < 1e-5F);  // the program is compiled with other options than this test
  CHECK(difference("text", found.text) < 1e-5F);
  CHECK(difference("fusion", found.fusion) < 1e-5F);
  const auto line = ctp::io::parse_json_document(run.out, "evaluate");
  CHECK(line.root().at("r_mean").number() == doctest::Approx(ctp::eval::retrieval(learner, all).r_mean).epsilon(1e-12));
}
