// A Learner looks at all tasks before it trains the first one, and goes on with the tasks of a restored state.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <data/synthetic_source.hpp>

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

TEST_CASE("learner: a state goes on with the tasks it was saved in, and with no others") {
  const auto source = source_of(ids_of(micro));
  const std::vector<Task> tasks{{"first", source, {0, 1, 2, 3}}, {"second", source, {4, 5, 6, 7}}};
  using SeqF = ctp::Learner<ctp::strategy::SeqF, Model<float>>;
  const ctp::TrainOptions options{.epochs = 2, .max_tokens = 7, .loading = {.batch_size = 2, .workers = 0}};
  class Saving final : public ctp::Observer {
   public:
    explicit Saving(SeqF& learner) : learner_(&learner) { learner.observe(*this); }
    void between_steps(const ctp::Position&) override { states.push_back(learner_->state()); }
    std::vector<ctp::StateArchive> states;

   private:
    SeqF* learner_;
  };
  SeqF whole(Model<float>(micro), options);
  Saving saving(whole);
  whole.learn_all(tasks);
  REQUIRE(saving.states.size() == 8);  // two tasks of four steps
  const auto refusal = [&](std::size_t state, const std::vector<Task>& of, const ctp::TrainOptions& with) {
    SeqF rest(Model<float>(micro), with);
    rest.restore(saving.states[state]);
    try {
      rest.learn_all(of);
    } catch (const ctp::CheckpointError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(refusal(5, tasks, options).empty());
  CHECK(refusal(7, tasks, options).empty());  // nothing is left
  CHECK(refusal(7, {tasks[0]}, options) ==
        "learn_all: tasks: expected 2 tasks, which are learned, or more, found 1; give the tasks of the interrupted "
        "training");
  ctp::TrainOptions other = options;
  other.epochs = 3;
  CHECK(refusal(5, tasks, other) ==
        "task 'second': steps: expected 4, as when the state was saved, found 6; give the tasks, epochs and batch size "
        "of the interrupted training");
  CHECK(refusal(3, tasks, other).empty());  // between two tasks, the plan of the next one is free

  // One task at a time: the caller knows by tasks_seen() which is next. The vocabulary is part of the state.
  SeqF rest(Model<float>(micro), options);
  rest.restore(saving.states[5]);
  CHECK(rest.tasks_seen() == 1);
  CHECK(rest.token_ids() == std::optional(ids_of(micro)));
  CHECK(rest.place().in_task);
  CHECK(rest.place().epoch == 1);
  CHECK(rest.place().batch == 0);
  for (std::size_t t = rest.tasks_seen(); t < tasks.size(); ++t) rest.learn(tasks[t]);
  CHECK(rest.weights() == whole.weights());
  // A further list begins anew.
  rest.learn_all({tasks[1]});
  CHECK(rest.tasks_seen() == 3);

  // A task that is begun by hand is a new one.
  SeqF by_hand(Model<float>(micro), options);
  by_hand.restore(saving.states[5]);
  by_hand.begin_task(7, "");
  CHECK(by_hand.place().epoch == 0);
  by_hand.end_task();
  CHECK_FALSE(by_hand.place().in_task);
}

TEST_CASE("learner: bad pictures found before an interruption stay known, so the same pairs are kept") {
  const auto source = std::make_shared<test::SyntheticSource>(24);
  source->before_image = [](std::uint32_t ordinal) {
    if (ordinal == 5) throw ctp::DataError("cut short");
  };
  std::vector<Task> tasks{{"first", source, {}}, {"second", source, {}}};
  for (std::uint32_t i = 0; i < 24; ++i) tasks[i / 12].members.push_back(i);
  const ctp::TrainOptions options{
      .epochs = 2,
      .max_tokens = 7,
      .loading = {
          .batch_size = 4, .workers = 1, .on_bad_image = ctp::data::OnBadImage::Quarantine, .bad_image_limit = 0.2}};
  class Saving final : public ctp::Observer {
   public:
    explicit Saving(Er& learner) : learner_(&learner) { learner.observe(*this); }
    void between_steps(const ctp::Position&) override { states.push_back(learner_->state()); }
    std::vector<ctp::StateArchive> states;

   private:
    Er* learner_;
  };
  const auto learner = [&] {
    auto made = std::make_unique<Er>(Model<float>(micro), options);
    made->rehearsal().budget = 12;
    return made;
  };
  const auto whole = learner();
  Saving saving(*whole);
  whole->learn_all(tasks);
  const auto& kept = whole->rehearsal_state().members;
  CHECK(std::find(kept.begin(), kept.end(), 5U) == kept.end());
  for (std::size_t i = 0; i < saving.states.size(); ++i) {
    CAPTURE(i);
    const auto rest = learner();
    rest->restore(saving.states[i]);
    Saving again(*rest);
    rest->learn_all(tasks);
    REQUIRE(again.states.size() == saving.states.size() - i - 1);
    for (std::size_t k = 0; k < again.states.size(); ++k)
      CHECK(again.states[k].changed_in(saving.states[i + 1 + k]) == std::vector<std::string>{});
  }
}
