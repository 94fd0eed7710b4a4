#include <ctp/train/checkpoint/facts.hpp>

#include <string>

#include <doctest/doctest.h>

#include <io/scratch.hpp>
#include <train/training_fixture.hpp>

namespace {
using Learner = test::SeqF;
const ctp::TrainOptions options{.epochs = 2, .max_tokens = 7, .loading = {.batch_size = 4, .workers = 0}};

std::string refusal(const ctp::io::CheckpointFacts& saved, const ctp::io::CheckpointFacts& now,
                    const ctp::AllowedDifferences& allowed = {}) {
  return message_of([&] {
    ctp::require_same_facts({.path = "c/step-000000000007", .step = 7, .facts = saved, .tensors = {}}, now, allowed,
                            "allow KEY");
  });
}
}  // namespace

TEST_CASE("facts: a change of strategy, sizes, options or settings changes the fact of its name") {
  Learner learner(test::Model<float>(test::micro), options);
  const auto facts = ctp::training_facts(learner);
  CHECK(facts.at("strategy") == "seqf");
  CHECK(facts.at("options.seed") == "0");
  CHECK(facts.at("options.rate") == "1e-04");
  CHECK(facts.at("options.loading.last_batch") == "\"drop\"");
  CHECK(facts.at("options.groups") == "[]");
  CHECK(facts.at("model.image") == std::to_string(test::micro.image));
  CHECK(facts.at("optimizer.weight_decay") == "0.05");

  const auto changed = [&](const ctp::TrainOptions& other) {
    Learner with(test::Model<float>(test::micro), other);
    std::string names;
    for (const auto& [key, value] : ctp::training_facts(with))
      if (value != facts.at(key)) names += key + " ";
    return names;
  };
  ctp::TrainOptions other = options;
  CHECK(changed(other).empty());
  other.loading.workers = 3;  // changes no result
  CHECK(changed(other).empty());
  other.seed = 1;
  other.groups = {{.pattern = "visual*", .freeze = true, .rate = 0.5}};
  other.loading.augment = false;
  CHECK(changed(other) == "options.groups options.loading.augment options.seed ");
  learner.optimizer().weight_decay = 0.25;
  CHECK(ctp::training_facts(learner).at("optimizer.weight_decay") == "0.25");
}

TEST_CASE("facts: the first key that differs is named with both values, unless it may differ") {
  CHECK(refusal({{"a", "1"}, {"b", "2"}}, {{"a", "1"}, {"b", "2"}, {"new", "3"}}) == "none");
  CHECK(refusal({{"old", "1"}}, {}) == "none");
  CHECK(refusal({{"version", "0.0.1"}}, {{"version", "9"}}) == "none");
  CHECK(refusal({{"a", "1"}, {"b", "2"}}, {{"a", "1"}, {"b", "3"}}) ==
        "4: c/step-000000000007: b: expected 3, as this training has it, found 2; allow b");
  CHECK(refusal({{"b", "2"}, {"c", "2"}}, {{"b", "3"}, {"c", "3"}}, {{"b"}}).find("c: expected 3") !=
        std::string::npos);
  CHECK(refusal({{"b", "2"}}, {{"b", "3"}}, {{"b"}}) == "none");
}
