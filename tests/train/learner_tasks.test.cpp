// A Learner looks at all tasks before it trains the first one, and goes on with the tasks of a restored state.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/data/pairs/memory_source.hpp>
#include <ctp/strategy/er.hpp>

#include "training_fixture.hpp"

namespace {

using ctp::data::Task;
using test::micro;
using test::Model;
using Er = ctp::Learner<ctp::strategy::Er, Model<float>>;

constexpr const char* words = "0123";  // the fingerprint of a vocabulary
ctp::data::TokenIds ids_of(const ctp::ModelConfig& c, const char* fingerprint = words) {
  return {c.vocab, c.pad, c.unk, c.cls, c.sep, c.mask, fingerprint};
}
std::shared_ptr<ctp::data::MemorySource> source_of(const ctp::data::TokenIds& ids) {
  auto source = std::make_shared<ctp::data::MemorySource>(ctp::data::Augmentation{}, ids);
  for (int i = 0; i < 8; ++i)
    source->add(ctp::data::Image(8, 8, static_cast<std::uint8_t>(30 * i)), {2, 5 + i, 3}, "pair " + std::to_string(i));
  return source;
}
template <class Learner>
std::string refusal(const std::vector<Task>& tasks) {
  Learner learner(Model<float>(micro), {.epochs = 1, .max_tokens = 7, .loading = {.batch_size = 4, .workers = 0}});
  const std::vector<float> before = learner.weights();
  try {
    learner.learn_all(tasks, [](auto&, std::size_t) {});
  } catch (const ctp::UsageError& error) {
    CHECK(learner.tasks_seen() == 0);
    CHECK(learner.weights() == before);  // the first task was not trained
    return error.what();
  }
  CHECK(learner.tasks_seen() == tasks.size());
  return "";
}
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("learner: a later task that is too small, or of another vocabulary, is refused before the first is trained") {
  const auto source = source_of(ids_of(micro));
  ctp::ModelConfig shifted = micro;
  shifted.mask = 5;
  const Task first{"first", source, {0, 1, 2, 3}};

  CHECK(refusal<test::SeqF>({first, {"second", source, {4, 5, 6, 7}}}).empty());
  CHECK(has(refusal<test::SeqF>({first, {"small", source, {4, 5}}}), "task 'small': expected at most its 2 pairs"));
  CHECK(has(refusal<test::SeqF>({first, {"foreign", source_of(ids_of(micro, "4567")), {0, 1, 2, 3}}}),
            "task 'foreign': vocabulary: expected 40 tokens with fingerprint 0123, as before"));
  CHECK(has(refusal<test::SeqF>({first, {"shifted", source_of(ids_of(shifted)), {0, 1, 2, 3}}}),
            "task 'shifted': model.mask: expected 5"));
}

TEST_CASE("learner: learn_all holds all tasks to the vocabulary that is known before the first one") {
  const Task first{"first", source_of(ids_of(micro)), {0, 1, 2, 3}};
  auto unknown = std::make_shared<ctp::data::MemorySource>();
  for (int i = 0; i < 4; ++i) unknown->add(ctp::data::Image(8, 8, 90), {2, 5 + i, 3});
  const Task silent{"silent", unknown, {0, 1, 2, 3}},
      foreign{"foreign", source_of(ids_of(micro, "4567")), {0, 1, 2, 3}};
  test::SeqF learner(Model<float>(micro), {.epochs = 1, .max_tokens = 7, .loading = {.batch_size = 4, .workers = 0}});
  learner.learn(first);
  CHECK_THROWS_WITH_AS(
      learner.learn_all({silent, foreign}),
      doctest::Contains("task 'foreign': vocabulary: expected 40 tokens with fingerprint 0123, as before"),
      ctp::UsageError);
  CHECK(learner.tasks_seen() == 1);  // the silent task was not trained
}

TEST_CASE("learner: a plan that is refused leaves the vocabulary unnamed") {
  test::SeqF learner(Model<float>(micro), {.epochs = 1, .max_tokens = 7, .loading = {.batch_size = 4, .workers = 0}});
  CHECK_THROWS_AS(learner.learn({"first", source_of(ids_of(micro)), {0, 1, 2, 3}}, {.epochs = 0}), ctp::UsageError);
  CHECK_FALSE(learner.token_ids());
}

TEST_CASE("learner: where pairs are kept, a later task may be small, but must be of the same source") {
  const auto source = source_of(ids_of(micro));
  const Task first{"first", source, {0, 1, 2, 3}};

  CHECK(refusal<Er>({first, {"small", source, {4, 5}}}).empty());
  CHECK(has(refusal<Er>({first, {"other", source_of(ids_of(micro)), {0, 1, 2, 3}}}),
            "task 'other': expected pairs of the source that the pairs of the first task come from"));
}
