// A training that diverges ends at that step with a message, and keeps the weights before the step.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "programs/program.hpp"

TEST_CASE("programs: a loss that is not finite ends a training with code 5, naming task, epoch, step, loss and pairs") {
  const test::TemporaryFolder folder;
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
  using test::has;
  CHECK(has(
      run.err,
      "continual_pretrain: task 0, epoch 0, step 1: expected finite losses and gradients, found in_batch_contrast = "));
  CHECK(has(run.err, "masked_language = "));
  CHECK(has(run.err, "the weights are those before this step; pairs: "));
  const std::string log = test::read_whole(folder.path("run/metrics.jsonl"));
  CHECK(test::has(log, "\"step\":0"));  // the log has the steps before the failed step only
  CHECK_FALSE(test::has(log, "\"kind\":\"step\",\"task\":0,\"epoch\":0,\"step\":1,"));
  CHECK(test::has(log, "\"kind\":\"fault\",\"task\":0,\"epoch\":0,\"step\":1,"));
  // The step with that rate was finite and ruined the weights, so there is nothing good to keep.
  CHECK(has(run.err,
            "; those weights or their features are not finite and are not kept; no sound ones were saved before; "
            "choose a smaller --lr"));
  CHECK_FALSE(std::filesystem::exists(folder.path("run/last_good.safetensors")));
  CHECK_FALSE(std::filesystem::exists(folder.path("run/task_00.safetensors")));  // nothing was learned
}

TEST_CASE(
    "programs: weights that a finite step has ruined are never kept as good, found by a loss or by an evaluation") {
  const test::TemporaryFolder folder;
  const auto complaint = [&](const std::string& output, const std::vector<std::string>& more) {
    std::vector<std::string> words{
        "--data",        test::small_stream(), "--output", folder.path(output), "--image-size", "32", "--tasks",
        test::two_tasks, "--epochs",           "1"};
    words.insert(words.end(), more.begin(), more.end());
    const auto run = test::run_program("continual_pretrain", words);
    CHECK(run.code == 5);
    CHECK_FALSE(std::filesystem::exists(folder.path(output + "/last_good.safetensors")));
    return run.err;
  };
  // The only step of the first task ruins the weights, and the evaluation after it is the first to see it.
  const std::string first = complaint("first", {"--strategy", "seqf", "--batch-size", "18", "--lr", "1e30"});
  CAPTURE(first);
  CHECK(test::has(first, "not kept; no sound ones were saved before"));
  // Steps along the gradient itself: they are small until a penalty out of all proportion begins with the second task.
  const std::string second =
      complaint("second", {"--strategy", "ewc", "--batch-size", "6", "--weight-decay", "0", "--lr", "1e15", "--set",
                           "optimizer.epsilon=1e17", "--set", "penalty.lambda=1e21"});
  CAPTURE(second);
  CHECK(second.find("continual_pretrain: task 1, ") == 0);
  CHECK(test::has(second, "; the last sound ones are in " + folder.path("second/task_00.safetensors")));
}

TEST_CASE("programs: weights that are sound when a loss is not finite are kept, and can be evaluated") {
  const test::TemporaryFolder folder;
  const auto run =
      test::run_program("continual_pretrain",
                        {"--data", test::small_stream(), "--output", folder.path("run"), "--tasks", test::two_tasks,
                         "--batch-size", "4", "--image-size", "32", "--strategy", "ctp", "--set", "model.temp=1e-40"});
  CHECK(run.code == 5);
  CAPTURE(run.err);
  const std::string kept = folder.path("run/last_good.safetensors");
  CHECK(test::has(run.err, "task 0, epoch 0, step 0: expected finite losses"));
  CHECK(test::has(run.err, "; those weights are kept in " + kept));
  const auto measured = test::run_program("evaluate", {"--data", test::small_stream(), "--weights", kept});
  CHECK_MESSAGE(measured.code == 0, measured.err);
}
