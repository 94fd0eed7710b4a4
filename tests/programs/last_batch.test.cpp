// --last-batch: what an epoch leaves out is printed and recorded, and a task smaller than a batch can be trained.
#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include <ctp/data/pairs/p9d.hpp>

#include "data/temporary_folder.hpp"
#include "programs/program.hpp"

namespace {

using test::TemporaryFolder;

test::Finished train(const std::string& output, std::size_t batch, const std::string& last) {
  return test::run_program("continual_pretrain", {"--data",       test::small_stream(),
                                                  "--output",     output,
                                                  "--tasks",      test::first_task,
                                                  "--image-size", "16",
                                                  "--epochs",     "1",
                                                  "--workers",    "0",
                                                  "--threads",    "1",
                                                  "--strategy",   "seqf",
                                                  "--max-words",  "8",
                                                  "--batch-size", std::to_string(batch),
                                                  "--last-batch", last});
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
