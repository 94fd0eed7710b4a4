#include <ctp/io/run_folder.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/testing/faulty_file_system.hpp>

#include <io/scratch.hpp>

namespace fs = std::filesystem;
namespace io = ctp::io;

namespace {
std::unique_ptr<io::RunFolder> take(const std::string& path) {
  return std::make_unique<io::RunFolder>("--output", path, std::vector<std::string>{"config.json", "metrics.jsonl"},
                                         std::vector<std::string>{"bad.jsonl"});
}
}  // namespace

TEST_CASE("run_folder: one run at a time; a run that began blocks the folder, a run that did not leaves nothing") {
  const Scratch scratch;
  const std::string out = scratch / "a/out";
  {
    const auto first = take(out);
    put(out + "/config.json", "x");
    CHECK(message_of([&] { (void)take(out); }) ==
          "2: --output \"" + out +
              "\": expected a folder of one run, found another run that writes into it; choose "
              "another folder, or let that run end");
    CHECK(get(out + "/config.json") == "x");
  }
  CHECK(scratch.files() == 0);  // the folders that the run made are gone, too
  {
    const auto run = take(out);
    run->keep();
    put(out + "/metrics.jsonl", "x");
  }
  CHECK(io::list_directory(out) == std::vector<std::string>{"metrics.jsonl"});
  CHECK(message_of([&] { (void)take(out); }).find("expected an empty or a new folder, found \"metrics.jsonl\" in it") !=
        std::string::npos);
  CHECK(io::list_directory(out) == std::vector<std::string>{"metrics.jsonl"});
}

TEST_CASE("run_folder: any entry and a file in the folder's place are refused, and nothing is changed") {
  const Scratch scratch;
  for (const char* name : {"task_00.safetensors", ".hidden", "last_good.safetensors", "vocab.txt"}) {
    const std::string out = scratch / std::string("of ") + name;
    fs::create_directories(out);
    put(out + "/" + name, "x");
    const std::string message = message_of([&] { (void)take(out); });
    CHECK(message.starts_with("2: "));
    CHECK(message.find(name) != std::string::npos);
    CHECK(io::list_directory(out) == std::vector<std::string>{name});
  }
  put(scratch / "file", "x");
  CHECK(message_of([&] { (void)take(scratch / "file"); }).starts_with("2: "));
  CHECK(get(scratch / "file") == "x");
}

TEST_CASE("run_folder: a killed run does not block; only files that it may have written before it began are removed") {
  const Scratch scratch;
  for (const bool began : {false, true}) {
    const std::string out = scratch / (began ? "began" : "not");
    const pid_t child = ::fork();
    if (child == 0) {
      const auto run = take(out);
      put(out + "/config.json", "x");
      put(out + "/bad.jsonl", "x");
      if (began) run->keep();
      ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    const std::string message = message_of([&] {
      const auto run = take(out);
      CHECK_FALSE(io::exists(out + "/config.json"));
      put(out + "/mine", "x");  // by another hand, while the run lives
    });
    CHECK(message.starts_with(began ? "2: " : "none"));
    CHECK(io::exists(out + "/config.json") == began);
    CHECK(io::exists(out + "/mine") == !began);
  }
}

TEST_CASE("run_folder: a failed start leaves its list of bad pictures, which the next start replaces") {
  const Scratch scratch;
  const std::string out = scratch / "out";
  {
    const auto run = take(out);
    put(out + "/config.json", "x");
    put(out + "/bad.jsonl", "x");
  }
  CHECK(io::exists(out + "/bad.jsonl"));
  CHECK_FALSE(io::exists(out + "/config.json"));
  const auto again = take(out);
  CHECK_FALSE(io::exists(out + "/bad.jsonl"));
}

TEST_CASE(
    "run_folder: any failing call of the system is an error of resources, and the folder can be taken afterwards") {
  const Scratch scratch;
  bool locks = true;
  for (std::size_t n = 1; n < 100; ++n) {
    CAPTURE(n);
    io::FaultyFileSystem files;
    files.fail_at = n;
    files.error = EIO;
    std::string message;
    {
      const io::UseFileSystem use(files);
      message = message_of([&] { (void)take(scratch / "out"); });
    }
    if (!files.failed()) break;
    // A file system without locks is used without one; failures of tidying up are not reported.
    CHECK((message == "none" || message.starts_with("6: ")));
    locks = locks && message_of([&] { (void)take(scratch / "out"); }) == "none";
    fs::remove_all(scratch / "out");
  }
  CHECK(locks);
}

TEST_CASE("run_folder: a run whose folder was removed touches nothing of the run that has the path now") {
  const Scratch scratch;
  const std::string out = scratch / "out";
  auto first = take(out);
  put(out + "/config.json", "first");
  CHECK(first->owns());
  fs::remove_all(out);
  CHECK_FALSE(first->owns());
  const auto second = take(out);
  put(out + "/config.json", "second");
  put(out + "/metrics.jsonl", "second");
  first.reset();  // ends before its first step
  CHECK(get(out + "/config.json") == "second");
  CHECK(get(out + "/metrics.jsonl") == "second");
  CHECK(second->owns());
}

TEST_CASE("run_folder: a start that was killed while it wrote a file does not block the next start") {
  const Scratch scratch;
  const std::string out = scratch / "out";
  fs::create_directories(out);
  put(out + "/.ctp-run.lock", "config.json\n");
  put(out + "/.ctp-tmp-4711-2", "half a file");
  CHECK(take(out)->owns());
  put(out + "/.ctp-run.lock", "config.json\n");
  put(out + "/.ctp-tmp-mine", "of another program");
  CHECK(message_of([&] { (void)take(out); }).find(".ctp-tmp-mine") != std::string::npos);
}

TEST_CASE("run_folder: a run that goes on has its folder; from then on no later run removes its files") {
  const Scratch scratch;
  const std::string out = scratch / "out";
  const auto resume = [&] { return std::make_unique<io::RunFolder>("--output", out, io::RunFolder::Resume{}); };
  CHECK(message_of(resume) ==
        "4: --output \"" + out +
            "\": expected the folder of the run that goes on, found nothing there; check the path");
  const auto killed_before_it_began = [&] {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto run = take(out);
      put(out + "/config.json", "x");
      ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
  };
  killed_before_it_began();
  {
    const auto refused = resume();
  }  // found nothing to go on from: the folder stays as it was
  CHECK(get(out + "/config.json") == "x");
  const std::string untouched = scratch / "untouched";
  fs::create_directory(untouched);
  {
    const io::RunFolder looked_at("--output", untouched, io::RunFolder::Resume{});
  }
  CHECK(fs::is_empty(untouched));
  {
    const auto anew = take(out);
  }
  CHECK_FALSE(fs::exists(out + "/config.json"));

  killed_before_it_began();
  put(out + "/.ctp-tmp-1-2", "x");  // of a file that was being written
  put(out + "/notes", "x");
  {
    const auto run = resume();
    CHECK(message_of(resume).find("another run that writes into it") != std::string::npos);
    CHECK(fs::exists(out + "/.ctp-tmp-1-2"));
    run->keep();
    CHECK_FALSE(fs::exists(out + "/.ctp-tmp-1-2"));
  }
  CHECK(io::list_directory(out) == std::vector<std::string>{"config.json", "notes"});
  fs::remove(out + "/notes");
  CHECK(message_of([&] { (void)take(out); }).starts_with("2: "));  // it has begun
  CHECK(get(out + "/config.json") == "x");
}

TEST_CASE("run_folder: folders among the first files are removed with their content") {
  const Scratch scratch;
  const std::string out = scratch / "out";
  {
    io::RunFolder run("--output", out, {"checkpoints"});
    fs::create_directories(out + "/checkpoints/step-000000000000");
    put(out + "/checkpoints/step-000000000000/part", "x");
  }
  CHECK_FALSE(fs::exists(out));
}
