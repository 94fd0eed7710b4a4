// The same seed gives the same bits for any number of threads and loader workers; another seed gives other bits.
#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "programs/program.hpp"

namespace {

using test::TemporaryFolder;
using Arguments = std::vector<std::string>;

/// The invariant results: loss, rate and parts of each step line as written, and the bytes of the weight files.
struct Training {
  std::vector<std::string> steps;
  std::array<std::string, 2> weights;
  bool operator==(const Training&) const = default;
};

/// Trains ctp on two tasks, one epoch each, and logs every step.
Training train(const std::string& threads, const std::string& workers, const std::string& seed, const Arguments& more) {
  const TemporaryFolder folder;
  Arguments words{"--data", test::small_stream(), "--output", folder.path(), "--tasks", test::two_tasks, "--epochs",
                  "1",      "--log-every",        "1",        "--seed",      seed};
  words.insert(words.end(), {"--threads", threads, "--workers", workers});
  words.insert(words.end(), more.begin(), more.end());
  const auto run = test::run_program("continual_pretrain", words);
  REQUIRE_MESSAGE(run.code == 0, run.err);

  Training result;
  const std::string log = test::read_whole(folder.path("metrics.jsonl"));
  for (std::size_t begin = 0; begin < log.size();) {
    const std::size_t end = log.find('\n', begin);
    const std::string line = log.substr(begin, end - begin);
    begin = end + 1;
    if (line.find("\"kind\":\"step\"") == std::string::npos) continue;
    const std::size_t from = line.find("\"lr\""), to = line.find(",\"pairs_per_second\"");
    REQUIRE(from < to);
    REQUIRE(to != std::string::npos);
    result.steps.push_back(line.substr(from, to - from));
  }
  result.weights = {test::read_whole(folder.path("task_00.safetensors")),
                    test::read_whole(folder.path("task_01.safetensors"))};
  return result;
}

void check_same(const Training& a, const Training& b) {
  CHECK(a.steps == b.steps);
  // Not CHECK(x == y): a failure would print megabytes.
  CHECK((a.weights[0] == b.weights[0]));
  CHECK((a.weights[1] == b.weights[1]));
}

/// Requires all seven losses of ctp in the steps of the second task; without them the comparison proves little.
void check_complete(const Training& a, std::size_t steps) {
  REQUIRE(a.steps.size() == steps);
  for (const std::string& part :
       std::vector<std::string>{"\"loss\":", "in_batch_contrast", "masked_language", "momentum_contrast",
                                "cross_modal_topology", "same_modal_topology", "masked_language_distillation"}) {
    CAPTURE(part);
    CHECK(a.steps.back().find(part) != std::string::npos);
  }
  CHECK((a.weights[0].size() > 1000000));
  CHECK((a.weights[0] != a.weights[1]));
}

}  // namespace

TEST_CASE("programs: tiny gives the same losses and weights for any number of threads and workers, and again") {
  const Arguments tiny{"--model", "tiny", "--batch-size", "7"};
  const Training first = train("1", "0", "0", tiny);
  check_complete(first, 4);
  check_same(first, train("1", "0", "0", tiny));
  check_same(first, train("2", "0", "0", tiny));
  check_same(first, train("1", "2", "0", tiny));
  check_same(first, train("2", "2", "0", tiny));
}

TEST_CASE("programs: another seed gives other losses and weights") {
  const Arguments tiny{"--model", "tiny", "--batch-size", "7"};
  const Training first = train("2", "1", "0", tiny), other = train("2", "1", "1", tiny);
  REQUIRE(first.steps.size() == other.steps.size());
  for (std::size_t i = 0; i < first.steps.size(); ++i) CHECK(first.steps[i] != other.steps[i]);
  CHECK((first.weights[0] != other.weights[0]));
}

TEST_CASE("programs: small gives the same losses and weights for any number of threads and workers") {
  const Arguments small{"--model", "small", "--image-size", "32", "--max-words", "8", "--batch-size", "15"};
  const Training first = train("1", "0", "0", small);
  check_complete(first, 2);
  check_same(first, train("2", "2", "0", small));
}
