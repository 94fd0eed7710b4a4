// --last-batch: what an epoch leaves out is printed and recorded, and a task smaller than a batch can be trained.
#include <doctest/doctest.h>

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <ctp/data/pairs/p9d.hpp>

#include "data/temporary_folder.hpp"
#include "programs/program.hpp"

namespace {

using test::TemporaryFolder;

/// Options and their values; an option without a value is a flag.
using Options = std::map<std::string, std::string>;

test::Finished train(const std::string& output, std::size_t batch, const std::string& last, Options options = {}) {
  options.merge(Options{{"--data", test::small_stream()},
                        {"--output", output},
                        {"--tasks", test::first_task},
                        {"--image-size", "16"},
                        {"--epochs", "1"},
                        {"--workers", "0"},
                        {"--threads", "1"},
                        {"--strategy", "seqf"},
                        {"--max-words", "8"},
                        {"--batch-size", std::to_string(batch)},
                        {"--last-batch", last}});
  std::vector<std::string> words;
  for (const auto& [option, value] : options) {
    words.push_back(option);
    if (!value.empty()) words.push_back(value);
  }
  return test::run_program("continual_pretrain", words);
}
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("programs: dropped pairs are printed and recorded; kept, every pair is trained on") {
  const TemporaryFolder folder;
  const std::size_t pairs = ctp::data::P9d(test::small_stream()).train(test::first_task).size();
  const std::size_t batch = pairs / 2 - 1, rest = pairs - 2 * batch;  // two batches, and two or three pairs
  REQUIRE(batch > rest);

  const auto dropped = train(folder.path("drop"), batch, "drop"), kept = train(folder.path("keep"), batch, "keep");

  REQUIRE_MESSAGE(dropped.code == 0, dropped.err);
  REQUIRE_MESSAGE(kept.code == 0, kept.err);
  CHECK(has(dropped.out, "each epoch leaves out " + std::to_string(rest) + " pairs"));
  CHECK(!has(kept.out, "leaves out"));
  const std::string lines = test::read_whole(folder.path("drop/metrics.jsonl")),
                    all = test::read_whole(folder.path("keep/metrics.jsonl"));
  CHECK(has(lines, "\"dropped_pairs\":" + std::to_string(rest)));
  CHECK(has(all, "\"dropped_pairs\":0"));
  CHECK(has(dropped.out, ": 2 steps"));
  CHECK(has(kept.out, ": 3 steps"));
  CHECK(has(test::read_whole(folder.path("keep/config.json")), "\"last_batch\": \"keep\""));
}

TEST_CASE("programs: a rest of one pair is left out all the same, and dry run, progress and training say so") {
  const TemporaryFolder folder;
  const std::size_t batch = ctp::data::P9d(test::small_stream()).train(test::first_task).size() - 1;
  REQUIRE(batch > 2);

  const auto dry = train(folder.path("dry"), batch, "keep", {{"--dry-run", ""}}),
             kept = train(folder.path("keep"), batch, "keep", {{"--epochs", "40"}}),
             dropped = train(folder.path("drop"), batch, "drop");

  REQUIRE_MESSAGE(dry.code == 0, dry.err);
  REQUIRE_MESSAGE(kept.code == 0, kept.err);
  REQUIRE_MESSAGE(dropped.code == 0, dropped.err);
  CHECK(has(dry.out, "steps in an epoch: 1\n"));
  CHECK(has(kept.out, ": 40 steps\n"));  // one of each epoch
  const std::size_t last = kept.out.find("epoch 40/40");
  REQUIRE(last != std::string::npos);
  const std::string line = kept.out.substr(last, kept.out.find('\n', last) - last);
  CHECK_MESSAGE(has(line, "left 0:00"), line);
  CHECK(has(test::read_whole(folder.path("keep/metrics.jsonl")), "\"dropped_pairs\":1"));
  CHECK(has(kept.out, "each epoch leaves out 1 pairs, too few for the losses\n"));
  CHECK(has(dropped.out, "each epoch leaves out 1 pairs, too few for a batch (--last-batch keep trains on them)\n"));
}

TEST_CASE("programs: a task of one pair is refused before anything is written, unless all tasks are joined") {
  const TemporaryFolder folder;
  const std::string stream = folder.path("stream"), one = "母婴";
  REQUIRE(test::run_program("make_stream", {"--output", stream, "--train", "12", "--test", "9", "--quiet"}).code == 0);
  REQUIRE(ctp::data::P9d(stream).train(one).size() == 1);
  const auto run = [&](Options options) {
    options.merge(Options{{"--data", stream}, {"--tasks", std::string(test::first_task) + "," + one}});
    return train(folder.path("out"), 2, "keep", options);
  };
  for (const Options& mode : {Options{}, Options{{"--dry-run", ""}}}) {
    const auto refused = run(mode);
    CAPTURE(refused.err);
    CHECK(refused.code == 2);
    CHECK(has(refused.err, "task '" + one + "': training pairs: expected at least 2"));
    CHECK(has(refused.err, "found 1"));
    CHECK(has(refused.err, "add pairs"));
    CHECK_FALSE(std::filesystem::exists(folder.path("out/config.json")));
  }
  const auto joined = run({{"--strategy", "jointt"}});
  CHECK_MESSAGE(joined.code == 0, joined.err);
}

TEST_CASE(
    "programs: a task smaller than a batch is trained as one short batch, and refused without --last-batch keep") {
  const TemporaryFolder folder;

  const auto refused = train(folder.path("drop"), 100, "drop"), kept = train(folder.path("keep"), 100, "keep"),
             unknown = train(folder.path("other"), 4, "pad");

  CHECK(refused.code == 2);
  CHECK(has(refused.err, "--last-batch keep"));
  CHECK(kept.code == 0);
  CHECK(has(kept.out, ": 1 steps"));
  CHECK(unknown.code == 2);
  CHECK(has(unknown.err, "last_batch: expected one of drop, keep, found 'pad'"));
}
