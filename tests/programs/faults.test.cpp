// What becomes of steps whose numbers are not finite or spike: the options, what is written, and --replay.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <ctp/io/weights/safetensors.hpp>
#include <ctp/train/batch/batch_tensors.hpp>

#include "programs/program.hpp"

namespace {

namespace fs = std::filesystem;
using test::has;
using test::TemporaryFolder;

std::vector<std::string> arguments(const std::string& out, const std::vector<std::string>& more) {
  std::vector<std::string> all{
      "--data",    test::small_stream(), "--output", out,         "--tasks", test::first_task, "--image-size",
      "16",        "--workers",          "0",        "--threads", "1",       "--log-every",    "1",
      "--no-check"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}
test::Finished run(const std::string& out, const std::vector<std::string>& more) {
  return test::run_program("continual_pretrain", arguments(out, more));
}
/// Losses that are never finite: scores divided by a temperature that is too small.
const std::vector<std::string> never_finite{"--strategy", "ctp", "--batch-size", "3",
                                            "--epochs",   "1",   "--set",        "model.temp=1e-40"};
std::vector<std::string> joined(std::vector<std::string> words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}
std::size_t count(const std::string& text, const std::string& part) {
  std::size_t number = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++number;
  return number;
}
std::map<std::string, std::string> contents(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files[entry.path().string()] = test::read_whole(entry.path().string());
  return files;
}

}  // namespace

TEST_CASE("programs: steps that are not finite are skipped up to the limit, and their batches are kept") {
  const TemporaryFolder folder;
  const std::string out = folder.path("run");
  const auto done = run(out, joined(never_finite, {"--on-nonfinite", "skip", "--fault-limit", "2"}));
  CAPTURE(done.err);
  CHECK(done.code == 5);
  CHECK(has(done.err, "continual_pretrain: task 0, epoch 0, step 0: expected finite losses and gradients, found "));
  CHECK(count(done.err, "; the step is left out; pairs: ") == 2);
  CHECK(has(done.err, "; its batch is in " + out + "/faults/step-000000000001.safetensors"));
  CHECK(has(done.err, "step 2: expected finite"));
  CHECK(has(done.err, "2 steps of this task were left out or rolled back before, and no more may be"));
  CHECK(has(done.err, "the same command with --resume and a larger --fault-limit, with --allow fault_limit, goes on"));
  const std::string log = test::read_whole(out + "/metrics.jsonl");
  CHECK(count(log, "\"kind\":\"fault\",\"task\":0,\"epoch\":0,\"step\":") == 3);
  CHECK(count(log, "\"what\":\"not finite\",\"action\":\"skip\"") == 2);
  CHECK(has(log, "\"action\":\"stop\""));
  CHECK(has(log, "\"batch\":\"faults/step-000000000002.safetensors\""));
  const auto batch = ctp::batch_of(ctp::io::read_safetensors(out + "/faults/step-000000000000.safetensors"));
  CHECK(batch.size == 3);
  CHECK(batch.image_size == 16);
  CHECK(batch.pixels.size() == 3 * 16 * 16 * 3);
}

TEST_CASE("programs: a training that stopped says how to go on, and both ways work; --replay writes nothing") {
  const TemporaryFolder folder;
  const std::string out = folder.path("run"), batch = out + "/faults/step-000000000000.safetensors";
  const auto done = run(out, never_finite);
  CAPTURE(done.err);
  CHECK(done.code == 5);
  CHECK(has(done.err,
            "; the state is in a checkpoint: the same command with --resume --on-nonfinite skip --allow on_nonfinite "
            "leaves the step out, and with --resume --replay " +
                batch + " shows its losses and gradients"));
  const auto before = contents(out);
  const auto look = run(out, joined(never_finite, {"--resume", "--replay", batch}));
  CAPTURE(look.err);
  CAPTURE(look.out);
  CHECK(look.code == 0);
  CHECK(has(look.out, "state after 0 steps, batch of step 0\nloss "));  // no remark on another state
  CHECK(has(look.out, "not finite: in_batch_contrast = "));
  CHECK(has(look.out, "gradient of\n"));
  const auto lines = run(out, joined(never_finite, {"--resume", "--replay", batch, "--json"}));
  CHECK(has(lines.out, "{\"kind\":\"replay\",\"batch_step\":0,\"state_step\":0,\"loss\":null,\"same_state\":true,"));
  CHECK(count(lines.out, "\"not_finite\":") > 50);
  const auto after = contents(out);
  CHECK(after.size() == before.size());
  for (const auto& [name, content] : after) CHECK_MESSAGE((before.contains(name) && before.at(name) == content), name);
  const auto refused = run(out, joined(never_finite, {"--resume", "--on-nonfinite", "skip"}));
  CHECK(refused.code == 4);
  CHECK(has(refused.err, "on_nonfinite: expected "));
  const auto skips = run(out, joined(never_finite, {"--resume", "--on-nonfinite", "skip", "--allow", "on_nonfinite"}));
  CHECK(skips.code == 0);  // no step of the task counts
  CHECK(count(test::read_whole(out + "/metrics.jsonl"), "\"action\":\"skip\"") == 6);
}

TEST_CASE("programs: --replay gives the loss that the step had, from a stopped training's checkpoint") {
  const TemporaryFolder folder;
  const std::string out = folder.path("run");
  const std::vector<std::string> spikes{"--strategy", "ctp", "--batch-size", "3",    "--epochs",           "5",
                                        "--spike-z",  "0.5", "--on-spike",   "stop", "--checkpoint-every", "1",
                                        "--keep",     "3"};
  const auto done = run(out, spikes);
  CAPTURE(done.err);
  CHECK(done.code == 5);
  CHECK(has(done.err, " standard deviations above the mean of the steps before, found "));
  CHECK(has(done.err, "; the state is in a checkpoint: the same command with --resume goes on behind the step, and "));
  // The checkpoint before the step, in place of the one behind it.
  std::string newest;
  for (const auto& entry : fs::directory_iterator(out + "/checkpoints"))
    if (has(entry.path().filename().string(), "step-")) newest = std::max(newest, entry.path().string());
  fs::remove_all(newest);
  std::string batch;
  for (const auto& entry : fs::directory_iterator(out + "/faults")) batch = entry.path().string();
  const auto look = run(out, joined(spikes, {"--resume", "--replay", batch, "--json"}));
  CHECK(look.code == 0);
  const std::string log = test::read_whole(out + "/metrics.jsonl");
  const std::size_t last = log.rfind("\"kind\":\"step\""), loss = log.find("\"loss\":", last);
  const std::string expected = log.substr(loss, log.find(',', loss) - loss);
  CHECK_MESSAGE(has(look.out, expected), expected);
  CHECK(has(look.out, "\"same_state\":true"));
  std::vector<std::string> reports = spikes;
  std::replace(reports.begin(), reports.end(), std::string("stop"), std::string("report"));
  const auto on = run(out, joined(reports, {"--resume", "--allow", "on_spike"}));
  CHECK_MESSAGE(on.code == 0, on.err);
}

TEST_CASE("programs: options for faulty steps that do not fit are refused, and so is a file that is no batch") {
  const TemporaryFolder folder;
  const auto refuse = [&](const std::vector<std::string>& more, int code, const std::string& expected) {
    const auto done = run(folder.path("run"), more);
    CAPTURE(done.err);
    CHECK(done.code == code);
    CHECK(has(done.err, expected));
  };
  refuse({"--on-nonfinite", "report"}, 2, "--on-nonfinite: expected one of stop, skip, rollback, found \"report\"");
  refuse({"--on-spike", "skip"}, 2, "--on-spike: expected one of report, stop, rollback, found \"skip\"");
  refuse({"--spike-z", "-1"}, 2, "--spike-z: expected a number from 0");
  refuse({"--spike-window", "19"}, 2, "--spike-window: expected a whole number from 20 to 10000");
  refuse({"--rollback-steps", "0"}, 2, "--rollback-steps: expected a whole number from 1");
  refuse({"--fault-limit", "-1"}, 2, "--fault-limit: expected a whole number from 0");
  refuse({"--replay", "x"}, 2, "--replay: expected --resume, and no --dry-run");
  REQUIRE(run(folder.path("run"), {"--strategy", "seqf", "--batch-size", "9", "--epochs", "1"}).code == 0);
  const std::string weights = folder.path("run/task_00.safetensors");
  refuse({"--strategy", "seqf", "--batch-size", "9", "--epochs", "1", "--resume", "--replay", weights}, 3,
         weights + ": tensor \"images\": expected a tensor with this name");
}

TEST_CASE("programs: a copy for roll-backs is part of what a dry run counts") {
  const auto checkpoint = [](const std::vector<std::string>& more) {
    const auto done =
        test::run_program("continual_pretrain",
                          joined({"--data", test::small_stream(), "--dry-run", "--json", "--batch-size", "4"}, more));
    const std::size_t at = done.out.find("\"checkpoint\":");
    REQUIRE(at != std::string::npos);
    return std::stoll(done.out.substr(at + 13));
  };
  const long long once = checkpoint({}), twice = checkpoint({"--on-nonfinite", "rollback"});
  CHECK(twice - once == once - 65536);
  CHECK(checkpoint({"--on-spike", "rollback"}) == once);  // looks for no spikes
}
