#include <ctp/data/loader/task_checks.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <data/synthetic_source.hpp>

#include <ctp/data/pairs/memory_source.hpp>

namespace {

using ctp::data::LastBatch;
using ctp::data::Task;
using test::SyntheticSource;

ctp::ModelConfig model() {
  ctp::ModelConfig config = ctp::sizes::tiny;
  config.vocab = 100;
  return config;
}
/// Tasks of these sizes over one source.
std::vector<Task> tasks_of(const std::vector<std::uint32_t>& sizes) {
  const auto source = std::make_shared<const SyntheticSource>(30);
  std::vector<Task> tasks;
  for (const std::uint32_t size : sizes) {
    tasks.push_back({"task " + std::to_string(tasks.size()), source, {}});
    for (std::uint32_t i = 0; i < size; ++i) tasks.back().members.push_back(i);
  }
  return tasks;
}
std::string refusal(const std::vector<Task>& tasks, bool joins_earlier = false, LastBatch last = LastBatch::Drop,
                    int length = 8) {
  ctp::data::LoaderOptions options = test::small_options();
  options.last_batch = last;
  options.length = length;
  return test::message_of<ctp::UsageError>([&] { ctp::data::require_tasks(tasks, model(), options, joins_earlier); });
}
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("task_checks: the smallest task, not the first, is compared with the batch size") {
  CHECK(refusal(tasks_of({8, 5, 4})).empty());
  CHECK(has(refusal(tasks_of({8, 3, 9})), "batch_size: task 'task 1': expected at most its 3 pairs, found 4"));
  CHECK(refusal(tasks_of({8, 3, 9}), false, LastBatch::Keep).empty());
}

TEST_CASE("task_checks: with kept pairs a task is refused only if all earlier pairs cannot fill a batch") {
  CHECK(refusal(tasks_of({8, 3}), true).empty());
  CHECK(has(refusal(tasks_of({3, 8}), true), "'task 0'"));
  CHECK(has(refusal(tasks_of({3, 8}), true), "at most its 3 pairs"));
  CHECK_NOTHROW(ctp::data::require_tasks(tasks_of({3, 8}), model(), test::small_options(), true, 1));  // 3 and one kept
}

TEST_CASE("task_checks: the vocabulary of the weights is compared with that of the first task") {
  const ctp::ModelConfig c = model();
  const auto ids = [&](const char* fingerprint) {
    return ctp::data::TokenIds{c.vocab, c.pad, c.unk, c.cls, c.sep, c.mask, fingerprint};
  };
  const auto source = std::make_shared<ctp::data::MemorySource>(ctp::data::Augmentation{}, ids("0123"));
  std::vector<Task> tasks{{"first", source, {}}};
  for (int i = 0; i < 4; ++i)
    tasks[0].members.push_back(source->add(ctp::data::Image(8, 8, 9), {c.cls, c.mask, c.sep}));
  const auto refused = [&](const char* of_weights) {
    return test::message_of<ctp::UsageError>(
        [&] { ctp::data::require_tasks(tasks, c, test::small_options(), false, 0, ids(of_weights)); });
  };
  CHECK(refused("0123").empty());
  CHECK(has(refused("4567"), "task 'first': vocabulary: expected 100 tokens with fingerprint 4567"));
}

TEST_CASE("task_checks: a text that is too long, or an id beyond the model's vocabulary, names task and pair") {
  std::vector<Task> tasks = tasks_of({8, 8});
  CHECK(has(refusal(tasks, false, LastBatch::Drop, 6),
            "task 'task 0', pair 'pair-3': tokens: expected at most 6, found 7; raise TrainOptions::max_tokens"));
  const auto source = std::make_shared<ctp::data::MemorySource>();
  for (int i = 0; i < 4; ++i)
    source->add(ctp::data::Image(2, 2), {2, i == 2 ? 100 : 5, 3}, "shoe " + std::to_string(i));
  tasks.push_back({"shoes", source, {0, 1, 2, 3}});
  CHECK(has(refusal(tasks),
            "task 'shoes', pair 'shoe 2': token: expected an id from 0 to 99, the model's vocabulary, "
            "found 100; make the model with the tokenizer's ids"));
}

TEST_CASE("task_checks: a task tokenised with ids or words of another vocabulary is refused") {
  const auto with = [](std::optional<ctp::data::TokenIds> ids) {
    const auto source = std::make_shared<ctp::data::MemorySource>(ctp::data::Augmentation{}, std::move(ids));
    for (int i = 0; i < 4; ++i) source->add(ctp::data::Image(2, 2), {2, 5, 3});
    return source;
  };
  std::vector<Task> tasks = tasks_of({8, 8, 8});
  const ctp::data::TokenIds fitting{100, 0, 1, 2, 3, 4, "aaaa"};
  ctp::data::TokenIds other = fitting, shifted = fitting;
  other.fingerprint = "bbbb";
  shifted.mask = 5;

  tasks[1] = {"b", with(fitting), {0, 1, 2, 3}};
  tasks[2] = {"c", with(fitting), {0, 1, 2, 3}};
  CHECK(refusal(tasks).empty());
  tasks[2].source = with(other);
  CHECK(has(refusal(tasks), "task 'c': vocabulary: expected 100 tokens with fingerprint aaaa, as before, found"));
  tasks[2].source = with(shifted);
  CHECK(has(refusal(tasks), "task 'c': model.mask: expected 5, as in the vocabulary of these texts, found 4"));
}
