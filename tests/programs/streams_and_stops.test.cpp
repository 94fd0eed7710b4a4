// Standard streams that are closed or full, signals, and files that cannot be written or are gone during a training.
#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <ctp/io/json/document.hpp>

#include "programs/program.hpp"
#include "programs/shell.hpp"

namespace {

namespace fs = std::filesystem;
using test::has;
using test::Shell;

/// Number of lines of kind step, whose global steps must be 0, 1, 2 and so on.
int steps_in_order(const std::string& text) {
  int number = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto document = ctp::io::parse_json_document(line, "metrics.jsonl");
    if (document.root().at("kind").string() == "step") CHECK(document.root().at("global_step").number() == number++);
  }
  return number;
}

/// Number of lines; every line must be a JSON object.
int json_lines(const std::string& text) {
  int number = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line); ++number) {
    const auto document = ctp::io::parse_json_document(line, "metrics.jsonl");
    CHECK_FALSE(document.root().at("kind").string().empty());
  }
  return number;
}

}  // namespace

TEST_CASE("programs: with closed standard streams no file gets what was meant for people") {
  for (const std::string closed : {">&-", "2>&-", "<&-", "<&- >&- 2>&-"}) {
    CAPTURE(closed);
    Shell shell;
    CHECK(shell.run("train --epochs 1 " + closed + (has(closed, ">&- 2") || closed == ">&-" ? "" : " >/dev/null")) ==
          0);
    CHECK(json_lines(shell.log()) == 6);  // the check, three steps, the task, the summary
    CHECK(has(shell.log(), "\"kind\":\"summary\""));
  }
}

TEST_CASE("programs: output that is the result and cannot be printed is exit code 6, and the files are complete") {
  for (const std::string& command :
       {std::string("train --epochs 1 --json >&-"), std::string("train --epochs 1 --json >/dev/full"),
        std::string("train --epochs 1 >/dev/full"),
        std::string("train --epochs 1 --json | true; exit ${PIPESTATUS[0]}")}) {
    CAPTURE(command);
    Shell shell;
    CHECK(shell.run("cd '" + shell.path("") + "'; " + command) == 6);
    CHECK(has(shell.finished.err, "continual_pretrain: standard output: expected to print everything, found "));
    CHECK(std::count(shell.finished.err.begin(), shell.finished.err.end(), '\n') == 1);
    CHECK(json_lines(shell.log()) == 6);
    CHECK(fs::exists(shell.path("out/task_00.safetensors")));
  }
}

TEST_CASE("programs: every program's lost output is exit code 6") {
  Shell shell;
  REQUIRE(shell.run("train --epochs 1 >/dev/null") == 0);
  const std::string evaluate = "$bin/evaluate --data \"$data\" --weights \"$out/task_00.safetensors\" --threads 1";
  for (const std::string& command :
       {evaluate, evaluate + " --json", std::string("$bin/compare_runs a=\"$out\""),
        std::string("$bin/compare_runs --json a=\"$out\""),
        std::string("$bin/inspect --json \"$out/task_00.safetensors\""), std::string("$bin/make_stream --help"),
        std::string("$bin/continual_pretrain --help"), std::string("$bin/conformance --help"),
        "$bin/make_stream --quiet --train 90 --test 45 --output " + shell.path("made")}) {
    CAPTURE(command);
    CHECK(shell.run("exec " + command + " >/dev/full") == 6);
    CHECK(has(shell.finished.err, ": standard output: expected to print everything, found "));
  }
  CHECK(fs::exists(shell.path("made/json/gallery.json")));
}

TEST_CASE("programs: a signal ends the step, saves a checkpoint, and ends with 75") {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) {
    CAPTURE(signal);
    Shell shell;
    CHECK(shell.run_and("train --epochs 60000", [&](pid_t child) { ::kill(child, signal); }) == 75);
    CAPTURE(shell.finished.err);
    CHECK(std::count(shell.finished.err.begin(), shell.finished.err.end(), '\n') == 1);
    CHECK(has(shell.finished.err, "the state is in a checkpoint; to go on, start the same command with --resume"));
    CHECK_FALSE(fs::exists(shell.path("out/interrupted.safetensors")));
    const std::string log = shell.log();
    const int lines = json_lines(log);
    // The last line names the last step that was logged, and the checkpoint is of the steps done.
    const std::size_t last = log.rfind("\"kind\":\"interrupted\"");
    REQUIRE(last != std::string::npos);
    const std::string step = "\"step\":" + std::to_string(lines - 3) + ",\"global_step\":" + std::to_string(lines - 3);
    CHECK(has(log.substr(last), step));
    CHECK(log.find("\n", last) == log.size() - 1);
    const std::string number = std::to_string(lines - 2);
    CHECK(fs::exists(shell.path("out/checkpoints/step-" + std::string(12 - number.size(), '0') + number)));
  }
}

TEST_CASE("programs: with epochs of each task, the advice when the folder is gone names them") {
  for (const std::string epochs : {"60000", "60000,1"}) {
    CAPTURE(epochs);
    Shell shell;
    CHECK(shell.run_and("exec $bin/continual_pretrain --data \"$data\" --output \"$out\" --tasks " +
                            std::string(test::two_tasks) + " --strategy seqf --batch-size 5 --image-size 32 " +
                            "--threads 1 --workers 0 --log-every 1 --epochs " + epochs,
                        [&](pid_t) { fs::remove_all(shell.path("out")); }) == 6);
    CAPTURE(shell.finished.err);
    CHECK(has(shell.finished.err, "this task and those behind it"));
    CHECK(has(shell.finished.err, "and their --epochs") == (epochs != "60000"));
  }
}

TEST_CASE("programs: signals that repeat at once, as of a closed terminal, do not end the saving") {
  Shell shell;
  CHECK(shell.run_and("train --epochs 60000", [](pid_t child) {
    for (int i = 0; i < 3; ++i) {
      ::kill(child, SIGHUP);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }) == 75);
  CHECK(has(shell.log(), "\"kind\":\"interrupted\""));
}

TEST_CASE("programs: a run whose folder became another run's writes nothing there") {
  Shell shell;
  const std::string marker = shell.path("out/of_another_run");
  CHECK(shell.run_and("train --epochs 60000", [&](pid_t) {
    fs::remove_all(shell.path("out"));
    shell.folder.write("out/of_another_run", "");
  }) == 6);
  CHECK(std::distance(fs::directory_iterator(shell.path("out")), fs::directory_iterator()) == 1);
  CHECK(fs::exists(marker));
  bool kept = false;
  for (const auto& entry : fs::directory_iterator(shell.path("")))
    if (has(entry.path().filename().string(), "out.interrupted-"))
      kept = fs::exists(entry.path() / "interrupted.safetensors") && fs::exists(entry.path() / "vocab.txt");
  CHECK(kept);
}

TEST_CASE("programs: a signal that is ignored at the start stays ignored") {
  Shell shell;
  CHECK(shell.run_and("trap '' HUP; train --epochs 20", [&](pid_t child) { ::kill(child, SIGHUP); }) == 0);
}

TEST_CASE("programs: a signal during a conversion removes what was written, and has its default action") {
  Shell shell;
  const pid_t child = ::fork();
  const std::string program = std::string(CTP_PROGRAM_DIR) + "/make_stream", made = shell.path("a/made");
  if (child == 0) {
    std::signal(SIGTERM, SIG_DFL);
    ::execl(program.c_str(), program.c_str(), "--output", made.c_str(), "--train", "90000", "--quiet", nullptr);
    ::_exit(99);
  }
  for (int i = 0; i < 3000 && !fs::exists(shell.path("a")); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  ::kill(child, SIGTERM);
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
  CHECK_FALSE(fs::exists(shell.path("a")));
}

TEST_CASE("programs: log lines that cannot be written do not end a training, and are exit code 6 at its end") {
  // The limit of a file's size holds for the log and not for weights and checkpoints, which only a smaller file could
  // test: the limit is large enough for them, and a long log reaches it.
  Shell shell;
  REQUIRE(shell.run("train --epochs 1 >/dev/null") == 0);
  const auto weights = fs::file_size(shell.path("out/task_00.safetensors"));
  const auto blocks = weights / 1024 * 4;
  fs::remove_all(shell.path("out"));
  const std::string fill = "{ head -c " + std::to_string(blocks * 1024 - 600) + " /dev/zero | tr '\\0' ' '; echo; }";
  // While the training runs, its log grows to the limit by another hand.
  CHECK(shell.run_and(
            "ulimit -f " + std::to_string(blocks) + "; train --epochs 60",
            [&](pid_t) { std::system((fill + " >>'" + shell.path("out/metrics.jsonl") + "'").c_str()); }, 2) == 6);
  CAPTURE(shell.finished.err);
  CHECK(has(shell.finished.err, "File too large; the training goes on"));
  CHECK(has(shell.finished.err, "lines lost: "));
  CHECK(std::count(shell.finished.err.begin(), shell.finished.err.end(), '\n') == 2);
  CHECK(fs::file_size(shell.path("out/task_00.safetensors")) == weights);
  CHECK(shell.log().ends_with("\n"));
}

TEST_CASE("programs: a folder that is removed or moved during a training is noticed, and the weights are kept") {
  for (const bool moved : {false, true}) {
    Shell shell;
    CHECK(shell.run_and("train --epochs 60000", [&](pid_t) {
      if (moved)
        fs::rename(shell.path("out"), shell.path("elsewhere"));
      else
        fs::remove_all(shell.path("out"));
    }) == 6);
    CAPTURE(shell.finished.err);
    CHECK(has(shell.finished.err, "out: expected the folder of this run, found it removed, moved or replaced"));
    CHECK(fs::exists(shell.path("out/interrupted.safetensors")));
    if (moved) CHECK(json_lines(test::read_whole(shell.path("elsewhere/metrics.jsonl"))) > 0);
  }
}

TEST_CASE("programs: a log that an editor replaced or that was removed goes on under its path, with every step") {
  for (const bool removed : {false, true}) {
    CAPTURE(removed);
    Shell shell;
    const std::string log = shell.path("out/metrics.jsonl");
    CHECK(shell.run_and("train --epochs 60000", [&](pid_t child) {
      if (removed)
        fs::remove(log);
      else
        CHECK(std::system(("sed -i 's/\"kind\":\"check\"/\"kind\":\"checked\"/' '" + log + "'").c_str()) == 0);
      const auto before = shell.log().size();
      for (int i = 0; i < 1000 && shell.log().size() <= before; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      CHECK(shell.log().size() > before);
      ::kill(child, SIGTERM);
    }) == 75);
    CAPTURE(shell.finished.err);
    CHECK(has(shell.finished.err, removed ? "metrics.jsonl: the file was removed; it is made again with its "
                                          : "metrics.jsonl: the file was replaced by one that has now "));
    CHECK(std::count(shell.finished.err.begin(), shell.finished.err.end(), '\n') == 2);
    CHECK(steps_in_order(shell.log()) > 4);
    CHECK(has(shell.log(), removed ? "\"kind\":\"check\"" : "\"kind\":\"checked\""));
    CHECK(has(shell.log(), "\"kind\":\"interrupted\""));
  }
}

TEST_CASE("programs: a log that is replaced shortly before the end of a training has all its lines") {
  Shell shell;
  const std::string log = shell.path("out/metrics.jsonl");
  CHECK(shell.run_and("train --epochs 60",
                      [&](pid_t) { CHECK(std::system(("sed -i -e '' '" + log + "'").c_str()) == 0); }) == 0);
  CAPTURE(shell.finished.err);
  CHECK(has(shell.finished.err, "the file was replaced by one"));
  CHECK(steps_in_order(shell.log()) == 180);
  CHECK(has(shell.log(), "\"kind\":\"summary\""));
}
