#include <ctp/io/checkpoint/checkpoint_writer.hpp>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <io/checkpoint/saved.hpp>
#include <io/scratch.hpp>

namespace io = ctp::io;

namespace {
/// The first `failures` calls of sync fail; with `held`, sync waits.
struct Failing : io::FileSystem {
  std::atomic<int> failures{0};
  std::atomic<bool> held{false};
  int sync(int file) override {
    while (held.load()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (failures.fetch_sub(1) <= 0) return FileSystem::sync(file);
    errno = EIO;
    return -1;
  }
};
void submit(io::CheckpointWriter& writer, std::uint64_t step) {
  writer.submit(step, {{"step", std::to_string(step)}}, state_of(step));
}
}  // namespace

TEST_CASE("checkpoint_writer: saves on a thread, in order; the caller does not wait for the disk") {
  const Scratch scratch;
  Failing files;
  const io::UseFileSystem use(files);
  io::CheckpointFolder folder(scratch / "c", {.last = 100});
  io::CheckpointWriter writer(folder);
  CHECK_FALSE(writer.busy());
  files.held = true;
  submit(writer, 1);  // comes back although the disk does not
  CHECK(writer.busy());
  files.held = false;
  for (std::uint64_t step = 2; step <= 20; ++step) submit(writer, step);
  writer.wait();
  CHECK_FALSE(writer.busy());
  CHECK(folder.steps().size() == 20);
  CHECK(newest_step(scratch / "c") == 20);
}

TEST_CASE("checkpoint_writer: a failed save is tried again from the start, and each problem is reported") {
  const Scratch scratch;
  Failing files;
  const io::UseFileSystem use(files);
  io::CheckpointFolder folder(scratch / "c");
  std::vector<std::string> problems;
  io::CheckpointWriter writer(folder, {.tries = 3,
                                       .pause = std::chrono::milliseconds(1),
                                       .report = [&](const auto& text) { problems.push_back(text); }});
  files.failures = 2;
  submit(writer, 1);
  writer.wait();
  CHECK(problems.size() == 2);
  CHECK(problems.front().find("fsync") != std::string::npos);
  CHECK(newest_step(scratch / "c") == 1);

  files.failures = 100;  // more than the tries
  submit(writer, 2);
  CHECK(message_of([&] { submit(writer, 3); }).find("fsync") != std::string::npos);  // the error of step 2
  files.failures = 0;
  submit(writer, 4);
  writer.wait();
  CHECK(problems.size() == 4);
  CHECK(newest_step(scratch / "c") == 4);
}

TEST_CASE("checkpoint_writer: the destructor waits, and drops an error that nobody asked for") {
  const Scratch scratch;
  Failing files;
  const io::UseFileSystem use(files);
  io::CheckpointFolder folder(scratch / "c");
  {
    io::CheckpointWriter writer(folder);
    submit(writer, 1);
  }
  CHECK(newest_step(scratch / "c") == 1);
  files.failures = 100;
  io::CheckpointWriter(folder, {.tries = 1}).submit(2, {}, state_of(2));
  CHECK(newest_step(scratch / "c") == 1);
}
