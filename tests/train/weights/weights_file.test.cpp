#include <ctp/train/weights/weights_file.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <data/temporary_folder.hpp>

#include <ctp/data/pairs/memory_source.hpp>
#include <ctp/data/text/tokenizer.hpp>

#include "train/training_fixture.hpp"

namespace {

using test::Ctp;
using test::SeqF;
using Words = std::vector<std::string>;

const Words colours{"dark red", "light red", "dark blue", "light blue"};
ctp::data::Tokenizer tokenizer_of(const Words& titles) {
  return ctp::data::Tokenizer(ctp::data::build_vocabulary(titles));
}
template <class Learner>
Learner learner_for(const ctp::data::Tokenizer& tokenizer, std::uint64_t seed, ctp::ModelConfig sizes = test::micro) {
  ctp::TrainOptions options{.epochs = 1, .max_tokens = 8, .loading = {.batch_size = 2, .workers = 0}, .seed = seed};
  return Learner(typename Learner::Model(sizes.for_tokenizer(tokenizer)), options);
}
ctp::data::Task task_of(const Words& titles, const ctp::data::Tokenizer& tokenizer) {
  const auto source = std::make_shared<ctp::data::MemorySource>(ctp::data::Augmentation{},
                                                                ctp::data::token_ids_of(tokenizer.vocabulary()));
  ctp::data::Task task{"colours", source, {}};
  for (const std::string& title : titles)
    task.members.push_back(source->add(ctp::data::Image(9, 9, static_cast<std::uint8_t>(40 * task.members.size())),
                                       tokenizer.encode_caption(title, 8, 8)));
  return task;
}
template <class E, class Call>
std::string message_of(const Call& call) {
  try {
    call();
  } catch (const E& error) {
    return error.what();
  }
  return "";
}
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("weights_file: a learner of another seed computes the same features after load, bit for bit") {
  const test::TemporaryFolder folder;
  const auto tokenizer = tokenizer_of(colours);
  const ctp::data::Task task = task_of(colours, tokenizer);
  auto learner = learner_for<Ctp>(tokenizer, 1), other = learner_for<Ctp>(tokenizer, 2);
  learner.learn(task);
  REQUIRE(other.features(task).image != learner.features(task).image);

  learner.save(folder.path("weights.safetensors"));
  other.load(folder.path("weights.safetensors"));

  CHECK(other.weights() == learner.weights());
  CHECK(other.features(task).image == learner.features(task).image);
  CHECK(other.features(task).text == learner.features(task).text);
  REQUIRE(other.token_ids());
  CHECK(*other.token_ids() == *learner.token_ids());
}

TEST_CASE("weights_file: the file has sizes, record, queues under published names, and no vocabulary unless given") {
  const test::TemporaryFolder folder;
  const auto tokenizer = tokenizer_of(colours);
  auto learner = learner_for<Ctp>(tokenizer, 1);

  learner.save(folder.path("plain.safetensors"));
  CHECK(!std::filesystem::exists(folder.path("vocab.txt")));
  learner.save(folder.path("full.safetensors"), tokenizer);
  learner.save(folder.path("again.safetensors"), tokenizer);  // the same vocabulary may lie there already

  const ctp::TensorFile plain = ctp::io::read_safetensors(folder.path("plain.safetensors")),
                        full = ctp::io::read_safetensors(folder.path("full.safetensors"));
  CHECK(!ctp::io::training_of(plain));  // no source has named the vocabulary
  CHECK(ctp::io::config_of(plain).vision_heads == test::micro.vision_heads);
  const auto record = ctp::io::training_of(full);
  REQUIRE(record);
  CHECK(record->vocabulary.tokens == tokenizer.vocabulary().size());
  CHECK(record->vocabulary.fingerprint ==
        ctp::io::vocabulary_fingerprint(ctp::io::read_text(folder.path("vocab.txt"))));
  CHECK(record->max_words == 8);
  CHECK(record->strategy == "ctp");
  CHECK(record->mean[0] == 0.48145466F);
  REQUIRE(full.find("image_queue") != nullptr);
  CHECK(full.find("image_queue")->shape == std::vector<std::int64_t>{6, 10});
  CHECK(ctp::data::Vocabulary::read(folder.path("vocab.txt")) == tokenizer.vocabulary());
}

TEST_CASE("weights_file: weights of another model, shape or vocabulary are refused, and nothing changes") {
  const test::TemporaryFolder folder;
  const auto tokenizer = tokenizer_of(colours);
  Words turned = tokenizer.vocabulary().tokens();
  std::swap(turned[turned.size() - 1], turned[turned.size() - 2]);
  const ctp::data::Tokenizer foreign{ctp::data::Vocabulary(turned)};
  auto learner = learner_for<SeqF>(tokenizer, 1);
  const std::string path = folder.path("weights.safetensors");
  learner.save(path, tokenizer);
  const auto refusal = [&](auto& other) {
    const auto before = other.weights();
    const std::string text = message_of<ctp::Error>([&] { other.load(path); });
    CHECK(other.weights() == before);
    return text;
  };
  ctp::ModelConfig heads = test::micro, wide = test::micro;
  heads.vision_heads = 3;
  wide.intermediate = 24;
  auto other_heads = learner_for<SeqF>(tokenizer, 2, heads);
  auto wider = learner_for<SeqF>(tokenizer, 2, wide);

  CHECK(
      has(refusal(other_heads), "metadata 'config': vision_heads: expected 3, as the learner's model has it, found 2"));
  CHECK(has(refusal(wider), "intermediate: expected 24"));
  auto taught = learner_for<SeqF>(foreign, 2);
  taught.learn(task_of(colours, foreign));
  CHECK(has(refusal(taught), "vocabulary: expected "));
  CHECK(has(message_of<ctp::UsageError>([&] { learner.save(folder.path("b.safetensors"), foreign); }),
            "vocab.txt: expected no file, or the vocabulary of these weights"));
  CHECK(!std::filesystem::exists(folder.path("b.safetensors")));

  auto loaded = learner_for<SeqF>(tokenizer, 3);
  loaded.load(path);
  CHECK(has(message_of<ctp::UsageError>([&] { loaded.learn(task_of(colours, foreign)); }),
            "task 'colours': vocabulary: expected "));
}

TEST_CASE("weights_file: before the first task, weights of another vocabulary replace those read before") {
  const test::TemporaryFolder folder;
  const auto tokenizer = tokenizer_of(colours);
  Words turned = tokenizer.vocabulary().tokens();
  std::swap(turned[turned.size() - 1], turned[turned.size() - 2]);
  const ctp::data::Tokenizer foreign{ctp::data::Vocabulary(turned)};
  auto first = learner_for<SeqF>(tokenizer, 1), second = learner_for<SeqF>(tokenizer, 2);
  std::filesystem::create_directory(folder.path("other"));
  first.save(folder.path("first.safetensors"), tokenizer);
  second.save(folder.path("other/second.safetensors"), foreign);
  second.save(folder.path("unknown.safetensors"));

  auto learner = learner_for<SeqF>(tokenizer, 3);
  learner.load(folder.path("first.safetensors"));
  learner.load(folder.path("unknown.safetensors"));
  CHECK_FALSE(learner.token_ids());
  learner.load(folder.path("first.safetensors"));
  learner.load(folder.path("other/second.safetensors"));
  CHECK(learner.weights() == second.weights());
  CHECK(learner.token_ids()->fingerprint == ctp::data::token_ids_of(foreign.vocabulary()).fingerprint);
  CHECK_THROWS_AS(learner.learn(task_of(colours, tokenizer)), ctp::UsageError);
  learner.learn(task_of(colours, foreign));
  CHECK_THROWS_AS(learner.load(folder.path("first.safetensors")), ctp::UsageError);  // a task was learned
}

TEST_CASE("weights_file: parameters of policies are stored by name and read back; weights without them are refused") {
  const test::TemporaryFolder folder;
  const auto tokenizer = tokenizer_of(colours);
  using Model = test::Model<float>;
  const auto learning_temperature = [&](std::uint64_t seed) {
    return SeqF(Model(test::micro.for_tokenizer(tokenizer)), {.seed = seed}, [](auto& policies) {
      policies.settings([](const std::string& key, auto& value) {
        if constexpr (std::is_same_v<std::remove_reference_t<decltype(value)>, bool>)
          if (key == "in_batch_contrast.learn_temperature") value = true;
      });
    });
  };
  SeqF learner = learning_temperature(1), other = learning_temperature(2), plain = learner_for<SeqF>(tokenizer, 3);
  std::vector<float> weights = learner.weights();
  const ctp::ParameterInfo& scale = learner.model().layout().parameters().back();
  weights[static_cast<std::size_t>(scale.offset)] = 3.25F;
  learner.set_weights(weights);

  learner.save(folder.path("scale.safetensors"));
  plain.save(folder.path("plain.safetensors"));
  other.load(folder.path("scale.safetensors"));

  const ctp::TensorFile file = ctp::io::read_safetensors(folder.path("scale.safetensors"));
  REQUIRE(file.find("policy.in_batch_contrast.logit_scale") != nullptr);
  CHECK(file.at("policy.in_batch_contrast.logit_scale").as_doubles() == std::vector<double>{3.25});
  CHECK(other.weights() == weights);
  CHECK(has(message_of<ctp::DataError>([&] { other.load(folder.path("plain.safetensors")); }),
            "policy.in_batch_contrast.logit_scale: expected a tensor with this name, found none"));
  plain.load(folder.path("scale.safetensors"));  // nothing reads the parameter of a policy that this learner lacks
  weights.resize(static_cast<std::size_t>(plain.thetas().size()));
  CHECK(plain.weights() == weights);
}
