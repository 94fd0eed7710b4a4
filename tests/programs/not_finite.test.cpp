// A training that diverges ends at the step where it does, in words, and keeps what it had before.
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <string>

#include <ctp/io/safetensors.hpp>

#include "programs/program.hpp"

TEST_CASE("programs: a loss that is not finite ends a training with code 5, naming task, epoch, step, loss and pairs") {
  const test::MadeFolder folder;
  const auto run = test::run_program("continual_pretrain", {"--data",       test::small_stream(),
                                                            "--output",     folder.path("run"),
                                                            "--tasks",      test::two_tasks,
                                                            "--epochs",     "3",
                                                            "--batch-size", "4",
                                                            "--image-size", "32",
                                                            "--workers",    "0",
                                                            "--threads",    "1",
                                                            "--log-every",  "1",
                                                            "--strategy",   "ctp",
                                                            "--lr",         "1e30"});
  CHECK(run.code == 5);
  CAPTURE(run.err);
  const auto has = [&](const std::string& part) { return run.err.find(part) != std::string::npos; };
  CHECK(has(
      "continual_pretrain: task 0, epoch 0, step 1: expected finite losses and gradients, found in_batch_contrast = "));
  CHECK(has("masked_language = "));
  CHECK(has("the weights are those before this step; pairs: "));
  const std::string log = test::read_whole(folder.path("run/metrics.jsonl"));
  CHECK(log.find("\"step\":0") != std::string::npos);  // the steps before are on record, the bad one is not
  CHECK(log.find("\"step\":1,") == std::string::npos);
  const std::string kept = folder.path("run/last_good.safetensors");
  CHECK(has("; those weights are kept in " + kept));
  std::size_t numbers = 0;
  for (const ctp::NamedTensor& tensor : ctp::io::read_safetensors(kept).tensors)
    if (tensor.dtype == ctp::DType::F32)
      for (const double x : tensor.as_doubles()) numbers += std::isfinite(x) ? 1 : 0;
  CHECK(numbers > 100000);
  CHECK_FALSE(std::filesystem::exists(folder.path("run/task_00.safetensors")));  // nothing was learned
}
