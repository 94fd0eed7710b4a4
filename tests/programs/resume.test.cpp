// A run that was killed or stopped goes on with --resume, and ends with the same bytes as one that was not.
#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <ctp/io/weights/safetensors.hpp>

#include "programs/program.hpp"
#include "programs/shell.hpp"

namespace {

namespace fs = std::filesystem;
using test::has;
using test::Shell;
using test::TemporaryFolder;

/// A run on two tasks, 8 or more steps unless `more` says another; the folder is added.
std::vector<std::string> arguments(const std::string& strategy, const std::string& every,
                                   const std::vector<std::string>& more = {}, const std::string& threads = "1") {
  std::vector<std::string> all{"--tasks",   test::two_tasks, "--strategy",         strategy,
                               "--threads", threads,         "--checkpoint-every", every};
  std::istringstream words(
      "--image-size 16 --workers 0 --log-every 1 --memory-size 20 --queue 18 --no-check "
      "--set model.vision_width=16 --set model.text_width=16 --set model.vision_depth=2 --set model.vision_heads=2 "
      "--set model.text_heads=2 --set model.text_layers=2 --set model.fusion_layer=1 --set model.intermediate=32 "
      "--set model.embed=16");
  for (std::string word; words >> word;) all.push_back(word);
  all.insert(all.end(), more.begin(), more.end());
  for (const auto& [option, value] : std::initializer_list<std::pair<std::string, std::string>>{
           {"--data", test::small_stream()}, {"--batch-size", "9"}, {"--epochs", "2"}})
    if (std::find(more.begin(), more.end(), option) == more.end()) all.insert(all.end(), {option, value});
  return all;
}
test::Finished run(const std::string& out, std::vector<std::string> with, bool resume) {
  with.insert(with.end(), {"--output", out});
  if (resume) with.emplace_back("--resume");
  return test::run_program("continual_pretrain", with);
}
/// Starts the run and kills it after `milliseconds`. True if it was killed; false if it had ended, which it must have
/// with exit code 0.
bool kill_after(const std::string& out, std::vector<std::string> with, bool resume, int milliseconds) {
  with.insert(with.end(), {"--output", out});
  if (resume) with.emplace_back("--resume");
  const std::string program = std::string(CTP_PROGRAM_DIR) + "/continual_pretrain";
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("CUDA_VISIBLE_DEVICES", "", 1);
    for (const char* const stream : {"/dev/null"})
      for (const int number : {STDOUT_FILENO, STDERR_FILENO}) ::dup2(::open(stream, O_WRONLY), number);
    std::vector<char*> words{const_cast<char*>(program.c_str())};
    for (std::string& word : with) words.push_back(word.data());
    words.push_back(nullptr);
    ::execv(program.c_str(), words.data());
    ::_exit(99);
  }
  int status = 0;
  for (const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
       ::waitpid(child, &status, WNOHANG) == 0;) {
    if (std::chrono::steady_clock::now() >= end) {
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
      break;
    }
    std::this_thread::sleep_for(std::chrono::microseconds(500));
  }
  if (WIFEXITED(status)) REQUIRE(WEXITSTATUS(status) == 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}
/// metrics.jsonl without times.
std::string metrics(const std::string& out) {
  std::string text = test::read_whole(out + "/metrics.jsonl");
  for (const std::string key : {"\"seconds\":", "\"pairs_per_second\":"})
    for (std::size_t at = text.find(key); at != std::string::npos; at = text.find(key, at)) {
      at += key.size();
      text.erase(at, text.find_first_of(",}", at) - at);
    }
  return text;
}
/// What a finished run leaves: files and their contents, without times. Facts in manifests are left out: they name
/// lengths of logs, which hold times.
std::map<std::string, std::string> left_by(const std::string& out) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(out)) {
    const std::string name = fs::relative(entry.path(), out).string();
    if (!entry.is_regular_file() || name == "config.json" || has(name, "manifest.json") || name.ends_with(".lock"))
      continue;
    files[name] = name == "metrics.jsonl" ? metrics(out) : test::read_whole(entry.path().string());
  }
  return files;
}
void check_same(const std::string& out, const std::map<std::string, std::string>& expected) {
  const auto found = left_by(out);
  for (const auto& [name, content] : expected) {
    CAPTURE(name);
    REQUIRE(found.contains(name));
    if (name.ends_with(".jsonl"))
      CHECK(found.at(name) == content);
    else
      CHECK((found.at(name) == content));  // no bytes in the output
  }
  for (const auto& [name, content] : found) {
    CAPTURE(name);
    CHECK(expected.contains(name));
  }
}
bool has_checkpoint(const std::string& out) {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(out + "/checkpoints", none))
    if (has(entry.path().filename().string(), "step-")) return true;
  return false;
}
/// Number of kills, from the environment: `name`, or `usual`.
int from_environment(const char* name, int usual) {
  const char* const text = std::getenv(name);
  return text == nullptr ? usual : std::atoi(text);
}

/// Runs a training as a whole, and another time with kills at random moments until it ends by itself, each part with
/// one thread or two; compares what the two leave. Killed before its first checkpoint a run begins anew. Returns the
/// kills.
int kill_and_go_on(const std::string& strategy, const std::string& every, const std::vector<std::string>& more,
                   std::mt19937& random) {
  const TemporaryFolder folder;
  const std::string whole = folder.path("whole"), out = folder.path("out");
  const auto begin = std::chrono::steady_clock::now();
  const auto first = run(whole, arguments(strategy, every, more), false);
  CAPTURE(first.err);
  REQUIRE(first.code == 0);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  int kills = 0;
  for (bool killed = true; killed; kills += killed ? 1 : 0) {
    const auto after = static_cast<int>(1000 * seconds * std::uniform_real_distribution<>(0.1, 1.1)(random));
    const std::string threads = random() % 2 == 0 ? "1" : "2";
    killed = kill_after(out, arguments(strategy, every, more, threads), has_checkpoint(out), after);
  }
  const auto last = run(out, arguments(strategy, every, more), true);
  CAPTURE(last.err);
  REQUIRE(last.code == 0);
  CHECK(has(last.out, "this run is finished"));
  check_same(out, left_by(whole));
  return kills;
}

}  // namespace

TEST_CASE("programs: a run that is killed at any moment goes on, and ends with the same bytes") {
  const int kills = from_environment("CTP_KILLS", 100), seed = from_environment("CTP_KILL_SEED", 1);
  static const std::vector<std::string> strategies{"seqf", "ctp",  "er",    "ctp_er", "ewc",    "si",  "lwf",  "kmeans",
                                                   "mas",  "afec", "icarl", "lucir",  "jointt", "mof", "rwalk"};
  std::mt19937 random(static_cast<unsigned>(seed));
  std::map<std::string, int> table;  // kills by strategy and interval
  for (int done = 0, turn = 0; done < kills; ++turn) {
    const std::string strategy = strategies[static_cast<std::size_t>(turn + seed) % strategies.size()];
    const std::string every = std::vector<std::string>{
        "1", "3", "never"}[(static_cast<std::size_t>(turn) + static_cast<std::size_t>(turn) / strategies.size()) % 3];
    CAPTURE(strategy);
    CAPTURE(every);
    CAPTURE(seed);
    const int now = kill_and_go_on(strategy, every, {}, random);
    done += now;
    table[strategy + " | " + every] += now;
  }
  if (const char* const file = std::getenv("CTP_KILL_TABLE"); file != nullptr) {
    std::ofstream lines(file, std::ios::app);
    for (const auto& [what, number] : table) lines << seed << " | " << what << " | " << number << "\n";
  }
}

TEST_CASE("programs: pictures that are found bad are listed once, however often the run is killed") {
  const TemporaryFolder folder;
  fs::copy(test::small_stream(), folder.path("stream"), fs::copy_options::recursive);
  int broken = 0;
  for (const auto& entry : fs::directory_iterator(folder.path("stream/train_images")))
    if (++broken % 5 == 0) fs::resize_file(entry.path(), entry.file_size() * 3 / 5);  // its header is whole
  REQUIRE(
      run(folder.path("once"),
          arguments("er", "1", {"--on-bad-image", "skip", "--bad-image-limit", "1", "--data", folder.path("stream")}),
          false)
          .code == 0);
  CHECK(has(test::read_whole(folder.path("once/bad_images.jsonl")), "\"reason\":"));
  std::mt19937 random(1);
  for (const std::string policy : {"skip", "quarantine"})
    for (const std::string strategy : {"er", "seqf"}) {
      CAPTURE(policy);
      CAPTURE(strategy);
      for (int done = 0; done < 5;)
        done += kill_and_go_on(strategy, "1",
                               {"--on-bad-image", policy, "--bad-image-limit", "1", "--data", folder.path("stream")},
                               random);
    }
}

TEST_CASE("programs: steps that are rolled back are the same ones, however often the run is killed") {
  const std::vector<std::string> spikes{"--batch-size", "3",        "--epochs",         "5", "--spike-z",     "0.5",
                                        "--on-spike",   "rollback", "--rollback-steps", "4", "--fault-limit", "1000"};
  const TemporaryFolder folder;
  REQUIRE(run(folder.path("once"), arguments("ctp", "1", spikes), false).code == 0);
  const std::string log = test::read_whole(folder.path("once/metrics.jsonl"));
  CHECK(has(log, "\"kind\":\"fault\""));
  CHECK(has(log, "\"action\":\"rollback\""));
  std::mt19937 random(2);
  for (const std::string strategy : {"ctp", "afec"})
    for (int done = 0; done < 5;) done += kill_and_go_on(strategy, "3", spikes, random);
}

TEST_CASE("programs: a stopped run goes on with other threads and workers, and with two processes one is refused") {
  const TemporaryFolder folder;
  const std::string whole = folder.path("whole"), out = folder.path("out");
  const auto with = arguments("ctp_er", "1");
  REQUIRE(run(whole, with, false).code == 0);
  REQUIRE(kill_after(out, with, false, 60000) == false);  // a run that ends leaves the same, whoever starts it
  check_same(out, left_by(whole));

  Shell shell;
  const std::string command = "exec $bin/continual_pretrain --data \"$data\" --output \"$out\" --tasks " +
                              std::string(test::first_task) + " --strategy seqf --batch-size 5 --image-size 32 " +
                              "--log-every 1 --epochs 60000 ";
  CHECK(shell.run_and(command + "--threads 1 --workers 0", [&](pid_t child) {
    const auto second = test::run_program(
        "continual_pretrain",
        {"--data", test::small_stream(), "--tasks", test::first_task, "--output", shell.path("out"), "--resume"});
    CHECK(second.code == 2);
    CHECK(has(second.err, "another run that writes into it"));
    ::kill(child, SIGUSR1);
  }) == 75);
  // The same run from the same checkpoint, with other numbers of threads: the same steps.
  const std::string stopped = shell.log();
  long steps = 0;
  for (std::size_t at = 0; (at = stopped.find("\"kind\":\"step\"", at)) != std::string::npos; ++at) ++steps;
  const std::string later = "\"global_step\":" + std::to_string(steps + 12) + ",";
  fs::copy(shell.path("out"), shell.path("other"), fs::copy_options::recursive);
  const auto go_on = [&](const std::string& to, const std::string& more) {
    const auto log = [&] { return test::read_whole(shell.path(to + "/metrics.jsonl")); };
    return shell.run_and("out='" + shell.path(to) + "'; " + command + "--resume --checkpoint-every 4 " + more,
                         [&](pid_t child) {
                           for (int i = 0; i < 12000 && !has(log(), later); ++i)
                             std::this_thread::sleep_for(std::chrono::milliseconds(10));
                           ::kill(child, SIGTERM);
                         });
  };
  CHECK(go_on("out", "--threads 1 --workers 1") == 75);
  CHECK(go_on("other", "--threads 2 --workers 2 --prefetch 3") == 75);
  const auto steps_up_to_it = [&](const std::string& to) {
    const std::string text = metrics(shell.path(to));
    const std::size_t end = text.find(later);
    REQUIRE(end != std::string::npos);
    return text.substr(0, text.find('\n', end));
  };
  CHECK((steps_up_to_it("out") == steps_up_to_it("other")));
}

TEST_CASE("programs: what cannot go on is refused by name with exit code 4, and changes nothing") {
  const TemporaryFolder folder;
  const std::string out = folder.path("out");
  const auto with = arguments("seqf", "2");
  const auto nothing = run(out, with, true);
  CHECK(nothing.code == 4);
  CHECK(has(nothing.err, "expected the folder of the run that goes on, found nothing there"));
  CHECK_FALSE(fs::exists(out));
  fs::create_directories(out);
  const auto empty = run(out, with, true);
  CHECK(empty.code == 4);
  CHECK(has(empty.err, "expected a valid checkpoint, found none"));
  fs::remove_all(out);
  REQUIRE(run(out, with, false).code == 0);

  // Finished: nothing is done again.
  const auto before = left_by(out);
  const std::string log = test::read_whole(out + "/metrics.jsonl");
  const auto finished = run(out, with, true);
  CHECK(finished.code == 0);
  CHECK(has(finished.out, "this run is finished"));
  CHECK(test::read_whole(out + "/metrics.jsonl") == log);
  check_same(out, before);

  // As if it had been killed before the summary, and with other settings.
  const std::size_t summary = log.find("{\"kind\":\"summary\"");
  REQUIRE(summary != std::string::npos);
  fs::resize_file(out + "/metrics.jsonl", summary);
  const auto refused = [&](const std::vector<std::string>& more, const std::vector<std::string>& parts) {
    const auto other = run(out, arguments("seqf", "2", more), true);
    CAPTURE(other.err);
    CHECK(other.code == 4);
    for (const std::string& part : parts) CHECK(has(other.err, part));
    CHECK(fs::file_size(out + "/metrics.jsonl") == summary);
  };
  refused({"--seed", "1"}, {": seed: expected 1, as this training has it, found 0", "--allow seed"});
  refused({"--freeze", "visual*"}, {": freeze: expected [\"visual*\"], as this training has it, found nothing"});
  refused({"--set", "optimizer.beta1=0.5"}, {": optimizer.beta1: expected 0.5, as this training has it, found 0.9"});
  refused({"--lr", "0.5"}, {": lr: expected 0.5"});
  CHECK(run(out, arguments("seqf", "2", {"--allow", "sed"}), true).code == 2);
  CHECK(has(run(out, arguments("seqf", "2", {"--allow", "sed"}), true).err, "did you mean \"seed\""));
  // A log that lost lines of the checkpoint.
  fs::resize_file(out + "/metrics.jsonl", 10);
  const auto shorter = run(out, with, true);
  CHECK(shorter.code == 4);
  CHECK(has(shorter.err, "metrics.jsonl: size: expected at least "));
  CHECK(has(shorter.err, "--allow metrics.jsonl"));
  const auto allowed =
      run(out, arguments("seqf", "2", {"--allow", "metrics.jsonl", "--allow", "seed", "--seed", "1"}), true);
  CHECK(allowed.code == 0);
  CHECK(has(test::read_whole(out + "/metrics.jsonl"), "\"kind\":\"summary\""));
}

TEST_CASE("programs: a damaged checkpoint is passed over by name, and the one before ends with the same bytes") {
  const TemporaryFolder folder;
  const std::string whole = folder.path("whole"), out = folder.path("out");
  const auto with = arguments("ctp", "2", {"--keep", "3"});
  REQUIRE(run(whole, with, false).code == 0);
  fs::copy(whole, out, fs::copy_options::recursive);
  const auto expected = left_by(whole);
  std::string newest;
  for (const auto& entry : fs::directory_iterator(out + "/checkpoints"))
    newest = std::max(newest, entry.path().string());
  const std::string part = newest + "/part-000.safetensors";
  std::string bytes = test::read_whole(part);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  std::ofstream(part, std::ios::binary) << bytes;
  fs::create_directories(out + "/checkpoints/.tmp-000000000001-1");
  fs::resize_file(out + "/metrics.jsonl", test::read_whole(out + "/metrics.jsonl").find("{\"kind\":\"summary\""));
  const auto rest = run(out, with, true);
  CAPTURE(rest.err);
  CHECK(rest.code == 0);
  CHECK(has(rest.err, "continual_pretrain: passed over a checkpoint: " + part + ": xxh3_128: expected "));
  CHECK(has(rest.out, "goes on after task 1"));
  check_same(out, expected);
}

TEST_CASE("programs: a run that goes on keeps as many checkpoints as the run kept, however often") {
  const TemporaryFolder folder;
  const std::string out = folder.path("out");
  REQUIRE(run(out, arguments("seqf", "1", {"--keep", "3", "--keep-every", "4"}), false).code == 0);
  const auto checkpoints = [&] {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(out + "/checkpoints"))
      names.push_back(entry.path().filename().string().substr(15));
    std::sort(names.begin(), names.end());
    return names;
  };
  const auto all = checkpoints();
  CHECK(all == std::vector<std::string>{"00", "04", "06", "07", "08"});
  for (int time = 0; time < 2; ++time) {
    for (const char* const later : {"07", "08"}) fs::remove_all(out + "/checkpoints/step-0000000000" + later);
    fs::resize_file(out + "/metrics.jsonl", test::read_whole(out + "/metrics.jsonl").find("{\"kind\":\"summary\""));
    REQUIRE(run(out, arguments("seqf", "1"), true).code == 0);
    CHECK(checkpoints() == all);
  }
}

TEST_CASE("programs: the page's five lines of Python read a checkpoint") {
  if (std::system("python3 -c '' >/dev/null 2>&1") != 0) {
    MESSAGE("!!! SKIPPED: python3 was not found");
    return;
  }
  const std::string page = test::read_whole(std::string(CTP_GOLDEN_DIR) + "/../../docs/checkpoints.md");
  const std::size_t begin = page.find("```python\n") + 10;
  const std::string code = page.substr(begin, page.find("```", begin) - begin);
  CHECK(std::count(code.begin(), code.end(), '\n') == 5);
  const TemporaryFolder folder;
  REQUIRE(run(folder.path("run"), arguments("seqf", "never"), false).code == 0);
  folder.write("read.py", code);
  REQUIRE(std::system(("cd '" + folder.path("") + "' && python3 read.py >found").c_str()) == 0);
  const std::string found = test::read_whole(folder.path("found"));
  CHECK(found.starts_with("F32 ["));
  std::string part;
  for (const auto& entry : fs::directory_iterator(folder.path("run/checkpoints")))
    part = std::max(part, entry.path().string() + "/part-000.safetensors");
  const auto theta = ctp::io::read_safetensors(part).at("theta").as_floats();
  float first[3] = {};  // Python prints all digits
  REQUIRE(std::sscanf(found.substr(found.find('(')).c_str(), "(%f, %f, %f)", &first[0], &first[1], &first[2]) == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(first[i] == theta[i]);
}
