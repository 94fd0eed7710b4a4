// Every strategy of the benchmark by its name: it trains, writes weights that evaluate reads, and reports its own
// losses.
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "programs/program.hpp"

namespace {

using test::TemporaryFolder;
using Arguments = std::vector<std::string>;

Arguments quick(const std::string& strategy, const std::string& output, const Arguments& more = {}) {
  Arguments words{"--data",       test::small_stream(),
                  "--output",     output,
                  "--tasks",      test::two_tasks,
                  "--strategy",   strategy,
                  "--epochs",     "1",
                  "--log-every",  "1",
                  "--workers",    "0",
                  "--threads",    "1",
                  "--image-size", "32",
                  "--no-augment"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("programs: each of the fifteen strategies trains two tasks and reports its own losses") {
  // The part of the loss, if any, that distinguishes the strategy from unrelated strategies.
  const std::map<std::string, std::string> own{
      {"seqf", ""},        {"jointt", ""},        {"si", "\"si\":"},       {"mas", "\"mas\":"}, {"ewc", "\"ewc\":"},
      {"lwf", "\"lwf\":"}, {"afec", "\"afec\":"}, {"rwalk", "\"rwalk\":"}, {"er", ""},          {"mof", ""},
      {"kmeans", ""},      {"icarl", "\"lwf\":"}, {"lucir", "\"lucir\":"}, {"ctp", "topology"}, {"ctp_er", "topology"}};
  for (const auto& [strategy, part] : own) {
    CAPTURE(strategy);
    const TemporaryFolder folder;
    const auto run =
        test::run_program("continual_pretrain", quick(strategy, folder.path("run"), {"--batch-size", "8"}));
    REQUIRE_MESSAGE(run.code == 0, run.err);
    const std::string log = test::read_whole(folder.path("run/metrics.jsonl"));
    CHECK(test::has(log, part));
    CHECK(count(log, "\"kind\":\"task\"") == (strategy == "jointt" ? 1 : 2));
    CHECK(count(log, "\"kind\":\"summary\"") == 1);
  }
}

TEST_CASE("programs: a memory adds its pairs to every task but the first") {
  const auto steps = [](const std::string& strategy, const std::string& memory) {
    const TemporaryFolder folder;
    const auto run = test::run_program(
        "continual_pretrain", quick(strategy, folder.path("run"), {"--batch-size", "4", "--memory-size", memory}));
    REQUIRE_MESSAGE(run.code == 0, run.err);
    const std::string log = test::read_whole(folder.path("run/metrics.jsonl"));
    return std::pair(count(log, "\"kind\":\"step\",\"task\":0"), count(log, "\"kind\":\"step\",\"task\":1"));
  };
  const auto without = steps("er", "0");
  for (const char* strategy : {"er", "mof", "kmeans", "ctp_er"}) {
    const auto with = steps(strategy, "8");
    CHECK(with.first == without.first);
    CHECK(with.second == without.second + 2);  // 8 pairs are two batches
  }
}

TEST_CASE("programs: evaluate uses the projection heads of the weights") {
  const TemporaryFolder folder;
  const auto run = test::run_program("continual_pretrain", quick("lucir", folder.path("run"), {"--batch-size", "8"}));
  REQUIRE_MESSAGE(run.code == 0, run.err);
  const std::string weights = folder.path("run/task_01.safetensors");
  const std::string header = test::read_whole(weights).substr(0, 20000);
  CHECK(test::has(header, "\"vision_proj.sigma\""));
  CHECK_FALSE(test::has(header, "\"vision_proj.bias\""));
  const auto found = test::run_program("evaluate", {"--data", test::small_stream(), "--weights", weights, "--json"});
  REQUIRE_MESSAGE(found.code == 0, found.err);
  // The last task line of the training saw two of the nine tasks; its first task's recall is evaluate's.
  const std::string log = test::read_whole(folder.path("run/metrics.jsonl"));
  const auto first_of = [](const std::string& text, std::size_t from) {
    const std::size_t at = text.find("\"per_task\":[{", from);
    return text.substr(at, text.find('}', at) - at);
  };
  CHECK(first_of(log, log.rfind("\"kind\":\"task\"")) == first_of(found.out, 0));
}
