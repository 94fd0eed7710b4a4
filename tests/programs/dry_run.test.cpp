// The costs of a dry run: bytes equal a Learner's allocations, work equals the products of the policies.
#include <doctest/doctest.h>

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <ctp/ctp.hpp>
#include <ctp/io/json/document.hpp>

#include "../../examples/common/strategies.hpp"
#include "programs/program.hpp"

namespace {

using test::TemporaryFolder;
using Arguments = std::vector<std::string>;

Arguments dry(const Arguments& more) {
  Arguments words{"--dry-run", "--data", test::small_stream(), "--tasks", test::two_tasks, "--batch-size", "8"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// Output of a dry run with --json.
ctp::io::JsonDocument report(const Arguments& more) {
  Arguments words = dry(more);
  words.insert(words.end(), {"--json", "--image-size", "32"});
  const auto run = test::run_program("continual_pretrain", words);
  REQUIRE_MESSAGE(run.code == 0, run.err);
  return ctp::io::parse_json_document(run.out, "dry run");
}

/// One number of each strategy's costs.
std::map<std::string, double> column(const ctp::io::JsonDocument& document, const std::string& key) {
  std::map<std::string, double> numbers;
  const auto costs = document.root().at("costs");
  for (std::size_t i = 0; i < costs.size(); ++i)
    numbers[costs.at(i).at("strategy").string()] = costs.at(i).at(key).number();
  return numbers;
}

/// The CPU backend with a count of allocated bytes.
struct Scales : ctp::Cpu {
  static inline std::size_t bytes = 0;
  static auto allocate(std::size_t size) {
    bytes += size;
    return ctp::Cpu::allocate(size);
  }
};

/// Bytes that the constructor of a Learner allocates.
template <class Strategy>
std::size_t made(const ctp::ModelConfig& sizes) {
  using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, Scales, typename Strategy::Projection>;
  const std::size_t before = Scales::bytes;
  const ctp::Learner<Strategy, Model> learner{Model(sizes)};
  return Scales::bytes - before;
}

}  // namespace

TEST_CASE("dry run: the bytes of state are those that a Learner of the strategy allocates") {
  const auto found = report({});
  const auto state = column(found, "state"), queue = column(found, "queue");
  ctp::ModelConfig sizes = ctp::sizes::tiny;
  sizes.image = 32;
  sizes.vocab = static_cast<int>(found.root().at("vocabulary").integer());
  std::size_t strategies = 0;
  examples::for_each_strategy([&]<class Strategy>() {
    CAPTURE(Strategy::name);
    CHECK(state.at(Strategy::name) == static_cast<double>(made<Strategy>(sizes)));
    ++strategies;
  });
  CHECK(state.size() == strategies);
  CHECK(queue.at("ctp") == 2.0 * sizes.queue * sizes.embed * sizeof(float));
}

TEST_CASE("dry run: only strategies that need a second or third model have one") {
  const auto found = report({});
  const auto weights = column(found, "weights"), previous = column(found, "previous"),
             momentum = column(found, "momentum"), penalty = column(found, "penalty");
  const std::map<std::string, int> vectors{{"si", 3}, {"mas", 2}, {"ewc", 2}, {"afec", 6}, {"rwalk", 5}};
  for (const auto& [strategy, one] : weights) {
    CAPTURE(strategy);
    const bool follows = strategy == "ctp" || strategy == "ctp_er";
    const bool remembers = follows || strategy == "lwf" || strategy == "icarl" || strategy == "lucir";
    CHECK(previous.at(strategy) == (remembers ? one : 0));
    CHECK(momentum.at(strategy) == (follows ? one : 0));
    CHECK(penalty.at(strategy) == (vectors.contains(strategy) ? vectors.at(strategy) * one : 0));
  }
}

TEST_CASE("dry run: teachers cost their forward passes, penalties and memories their passes over a task") {
  const auto found = report({"--memory-size", "30"});
  const auto work = column(found, "work"), epoch = column(found, "passes_per_epoch"),
             task = column(found, "passes_per_task"), features = column(found, "feature_passes_per_task"),
             kept = column(found, "kept_pairs");
  CHECK(work.at("seqf") == 1);
  CHECK(work.at("ewc") == 1);
  CHECK(work.at("lwf") == doctest::Approx(4.0 / 3).epsilon(0.02));  // forward and backward are three forwards
  CHECK(work.at("lucir") == doctest::Approx(4.0 / 3).epsilon(0.02));
  CHECK(work.at("ctp") > 1.4);  // two teachers, of which only one reads the masked words
  CHECK(work.at("ctp") < 5.0 / 3);
  for (const auto& [strategy, passes] : task) {
    CAPTURE(strategy);
    const bool fisher = strategy == "ewc" || strategy == "mas" || strategy == "rwalk" || strategy == "afec";
    const bool chooses = strategy == "mof" || strategy == "kmeans" || strategy == "icarl" || strategy == "lucir";
    CHECK(passes == (fisher ? 1 : 0));
    CHECK(epoch.at(strategy) == (strategy == "afec" ? 2 : 0));
    CHECK(features.at(strategy) == (chooses ? 1 : 0));
    CHECK(kept.at(strategy) == (chooses || strategy == "er" || strategy == "ctp_er" ? 30 : 0));
  }
}

TEST_CASE("dry run: the chosen strategy keeps as many pairs as its rehearsal's budget") {
  const auto kept =
      column(report({"--strategy", "er", "--memory-size", "30", "--set", "rehearsal.budget=77"}), "kept_pairs");
  CHECK(kept.at("er") == 77);
  CHECK(kept.at("mof") == 30);
  CHECK(kept.at("seqf") == 0);
  CHECK(column(report({"--strategy", "seqf"}), "kept_pairs").at("seqf") == 0);
}

TEST_CASE("dry run: the multiplications of a step follow from the sizes") {
  // One more layer of the image encoder, over 17 tokens of width 96, is a known number of products: qkv, proj and mlp
  // are 12 squares of the width, attention is two products; forward once, backward twice.
  const auto steps_of = [](const std::string& depth) {
    return column(report({"--set", "model.vision_depth=" + depth}), "multiply_adds");
  };
  const auto four = steps_of("4"), five = steps_of("5");
  const double tokens = 17, width = 96, pairs = 8;
  const double layer = pairs * (tokens * 12 * width * width + 2 * tokens * tokens * width);
  CHECK(five.at("seqf") - four.at("seqf") == 3 * layer);
  CHECK(five.at("lwf") - four.at("lwf") == 4 * layer);
  CHECK(five.at("ctp") - four.at("ctp") == 5 * layer);
}

TEST_CASE("dry run: trains nothing, writes nothing, and prints the costs as text") {
  const TemporaryFolder folder;
  const auto run = test::run_program("continual_pretrain", dry({"--output", folder.path("run"), "--model", "base"}));
  REQUIRE_MESSAGE(run.code == 0, run.err);
  CHECK(!std::filesystem::exists(folder.path("run")));
  CHECK(run.out.find("would train ctp on 2 tasks, ") == 0);
  CHECK(test::has(run.out, std::string(test::first_task) + ": "));
  for (const std::string& strategy : examples::strategy_names()) CHECK(test::has(run.out, "\n" + strategy + " "));
}

TEST_CASE("dry run: refuses the errors that a training refuses") {
  const auto complaint = [](const Arguments& more) {
    const auto run = test::run_program("continual_pretrain", dry(more));
    CHECK(run.code == 2);
    CHECK(run.out.empty());
    return run.err;
  };
  CHECK(complaint({"--set", "momentum.decy=1"}).find("momentum.decay") != std::string::npos);
  CHECK(complaint({"--strategy", "seqf", "--set", "momentum.decay=1"}).find("momentum.decay") != std::string::npos);
  CHECK(complaint({"--set", "schedule.warmup_steps=-1"}).find("schedule.warmup_steps") != std::string::npos);
  CHECK(complaint({"--queue", "4"}).find("shorter than a batch") != std::string::npos);
  CHECK(complaint({"--max-words", "100"}).find("positions") != std::string::npos);
}

TEST_CASE("dry run: a device keeps operands in its precision, rounded weights, no probabilities, and need not exist") {
  const auto step = [](const Arguments& more) { return column(report(more), "step").at("seqf"); };
  const double cpu = step({}), fp32 = step({"--device", "cuda"}),
               bf16 = step({"--device", "cuda", "--precision", "bf16"});
  CHECK(fp32 < cpu);
  CHECK(bf16 < fp32);
  // Operands of one image block: two norms, queries, keys, values and the attention, of the model's width, and four
  // times the width behind GELU; as much is GELU's input. Their gradients lie in memory that all blocks share. Its
  // weights: four products of the attention, two of four times the width, two norms.
  const auto deeper = [&](const Arguments& more) {
    Arguments words{"--set", "model.vision_depth=5"};
    words.insert(words.end(), more.begin(), more.end());
    return step(words) - step(more);
  };
  const double rows = 8 * 17, width = 96, operands = rows * 14 * width, weights = 12 * width * width + 13 * width;
  CHECK(deeper({"--device", "cuda"}) - deeper({"--device", "cuda", "--precision", "bf16"}) ==
        2 * operands - 2 * weights);
}
