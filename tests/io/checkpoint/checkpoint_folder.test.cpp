#include <ctp/io/checkpoint/checkpoint_folder.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/testing/faulty_file_system.hpp>
#include <ctp/testing/power_loss.hpp>

#include <io/checkpoint/saved.hpp>
#include <io/scratch.hpp>

namespace fs = std::filesystem;
namespace io = ctp::io;
using Steps = std::vector<std::uint64_t>;

namespace {
/// Names in a folder that are no checkpoints.
std::size_t others_in(const std::string& folder) {
  std::size_t others = 0;
  for (const auto& entry : fs::directory_iterator(folder))
    others += entry.path().filename().string().starts_with("step-") ? 0 : 1;
  return others;
}
/// A disk of fixed size.
struct SmallDisk : io::FileSystem {
  std::uint64_t left = 0;
  int space(const char* /*path*/, std::uint64_t& free, std::uint64_t& all) override {
    free = left;
    all = std::uint64_t{1} << 40U;
    return 0;
  }
};
/// A disk that is full after `left` more bytes.
struct FullDisk : io::FileSystem {
  std::uint64_t left = 0;
  std::int64_t write(int file, const void* from, std::size_t bytes) override {
    if (left == 0) {
      errno = ENOSPC;
      return -1;
    }
    const std::int64_t done = FileSystem::write(file, from, std::min<std::size_t>(bytes, left));
    left -= static_cast<std::uint64_t>(done);
    return done;
  }
};
}  // namespace

TEST_CASE("checkpoint_folder: the newest one is read back, by step and not by time") {
  const Scratch scratch;
  const std::string path = scratch / "with space 家/checkpoints/";
  CHECK(newest_step(path) == -1);
  {
    io::CheckpointFolder folder(path);
    save(folder, 30);
    save(folder, 20);  // saved last, and older
    CHECK(newest_step(path) == 30);
    CHECK(others_in(path) == 1);  // the lock
  }
  CHECK(others_in(path) == 0);
  CHECK(get(scratch / "with space 家/checkpoints/step-000000000030/manifest.json").find("\"step\": 30") !=
        std::string::npos);
}

TEST_CASE("checkpoint_folder: the newest ones stay, and the first of each so many steps; nothing foreign is removed") {
  const Scratch scratch;
  const std::string path = scratch / "c";
  io::CheckpointFolder folder(path, {.last = 2, .every = 100});
  fs::create_directories(path + "/step-000000000001");  // of someone else
  put(path + "/step-1", "x");
  put(path + "/notes.txt", "x");
  for (const std::uint64_t step : Steps{40, 80, 120, 160, 200, 240, 280, 320}) save(folder, step);
  CHECK(folder.steps() == Steps{1, 40, 120, 200, 280, 320});
  put(folder.folder_of(280) + "/mine", "x");
  for (const std::uint64_t step : Steps{360, 380, 390}) save(folder, step);
  CHECK(folder.steps() == Steps{1, 40, 120, 200, 280, 320, 380, 390});  // 280 holds a foreign file, 320 is the first
  CHECK(fs::exists(path + "/notes.txt"));
  CHECK(fs::exists(path + "/step-1"));
  CHECK(message_of([&] { io::CheckpointFolder(path, {.last = 1}); }) ==
        "2: CheckpointFolder: last: expected 2 or more: the newest checkpoint may be damaged, found 1");
}

TEST_CASE("checkpoint_folder: damaged checkpoints do not count, and one of the same step is replaced") {
  const Scratch scratch;
  io::CheckpointFolder folder(scratch / "c");
  for (const std::uint64_t step : Steps{10, 20}) save(folder, step);
  fs::resize_file(folder.folder_of(20) + "/part-000.safetensors", 5);
  save(folder, 30);
  CHECK(folder.steps() == Steps{10, 20, 30});
  save(folder, 20);
  CHECK(newest_step(scratch / "c") == 30);
  CHECK(io::looks_complete(folder.folder_of(20)));
  CHECK(others_in(scratch / "c") == 1);
  put(folder.folder_of(30) + "/notes.txt", "mine");
  save(folder, 30);
  CHECK(newest_step(scratch / "c") == 30);
  std::string notes;
  for (const auto& entry : fs::recursive_directory_iterator(scratch / "c"))
    if (entry.path().filename() == "notes.txt") notes = get(entry.path().string());
  CHECK(notes == "mine");
}

TEST_CASE("checkpoint_folder: one of another version that was moved aside gets its name back and is not removed") {
  const Scratch scratch;
  const std::string path = scratch / "c", aside = path + "/.old-000000000020-1";
  {
    io::CheckpointFolder folder(path);
    for (const std::uint64_t step : Steps{10, 20}) save(folder, step);
    fs::rename(folder.folder_of(20), aside);
  }
  std::string manifest = get(aside + "/manifest.json");
  const std::string version = "\"version\": 2";
  REQUIRE(manifest.find(version) != std::string::npos);
  manifest.replace(manifest.find(version), version.size(), "\"version\": 1");
  put(aside + "/manifest.json", manifest);
  io::CheckpointFolder folder(path);
  folder.open();
  CHECK(folder.steps() == Steps{10, 20});
  CHECK(get(folder.folder_of(20) + "/manifest.json") == manifest);
}

TEST_CASE("checkpoint_folder: while one of the same step is replaced, each failure leaves a valid checkpoint of it") {
  std::size_t calls = 0;
  for (const bool for_good : {false, true}) {
    for (std::size_t n = 1;; ++n) {
      const Scratch scratch;
      const std::string path = scratch / "c";
      io::FaultyFileSystem files;
      {
        io::CheckpointFolder folder(path);
        save(folder, 10);
        save(folder, 20);
        files.fail_at = n;
        files.for_good = for_good;
        const io::UseFileSystem use(files);
        (void)message_of([&] { save(folder, 20); });
      }
      io::CheckpointFolder again(path);  // another process, after this one has failed or was killed
      again.open();
      CAPTURE(n);
      CHECK(newest_step(path) == 20);
      calls = std::max(calls, n);
      if (!files.failed()) break;
    }
  }
  CHECK(calls > 15);
}

TEST_CASE("checkpoint_folder: a refusal of the system is an error, no reason to go on from an older checkpoint") {
  const Scratch scratch;
  const std::string path = scratch / "c";
  io::CheckpointFolder folder(path);
  save(folder, 10);
  save(folder, 20);
  io::FaultyFileSystem files;
  files.error = EMFILE;
  const io::UseFileSystem use(files);
  std::size_t refused = 0;
  for (std::size_t n = 1; n < 40; ++n) {
    files.fail_at = files.calls() + n;
    std::vector<io::PassedOver> passed_over;
    std::optional<io::Checkpoint> found;
    const std::string message = message_of([&] { found = folder.newest(&passed_over); });
    CHECK(passed_over.empty());
    if (message == "none") {
      CHECK(step_in(found.value()) == 20);
      continue;
    }
    CHECK(message.starts_with("6: "));
    ++refused;
  }
  CHECK(refused > 3);
}

TEST_CASE(
    "checkpoint_folder: a second one is refused while the first one saves, and leftovers of the dead are removed") {
  const Scratch scratch;
  const std::string path = scratch / "c";
  fs::create_directories(path + "/.tmp-000000000010-1");
  put(path + "/.tmp-000000000010-1/part-000.safetensors", "x");
  fs::create_directories(path + "/.tmp-mine");
  {
    io::CheckpointFolder first(path), second(path);
    save(first, 10);
    CHECK_FALSE(fs::exists(path + "/.tmp-000000000010-1"));
    CHECK(fs::exists(path + "/.tmp-mine"));
    CHECK(message_of([&] {
            save(second, 20);
          }).starts_with("2: " + path + ": expected a folder of one training, found another one that saves into it"));
  }
  io::CheckpointFolder second(path);
  save(second, 20);
  CHECK(second.steps() == Steps{10, 20});
}

TEST_CASE("checkpoint_folder: tidying removes what retention would have removed, but never the given checkpoint") {
  const Scratch scratch;
  const std::string path = scratch / "c";
  {
    io::CheckpointFolder folder(path, {.last = 100});
    for (const std::uint64_t step : Steps{10, 20, 30, 40, 50}) save(folder, step);
  }
  fs::create_directories(path + "/.old-000000000010-1");
  io::CheckpointFolder folder(path);
  folder.tidy(20);  // those behind it were passed over as damaged, and stay as they are
  CHECK(folder.steps() == Steps{10, 20, 30, 40, 50});
  CHECK(others_in(path) == 1);  // the lock
  save(folder, 30);
  CHECK(folder.steps() == Steps{20, 30, 40, 50});
  io::CheckpointFolder other(scratch / "other", {.last = 100});
  for (const std::uint64_t step : Steps{10, 20, 30}) save(other, step);
}

TEST_CASE("checkpoint_folder: too little room is said before anything is written") {
  const Scratch scratch;
  io::CheckpointFolder folder(scratch / "c");
  save(folder, 10);
  SmallDisk disk;
  disk.left = 1000;
  const io::UseFileSystem use(disk);
  const std::string message = message_of([&] { save(folder, 20); });
  CHECK(message.starts_with("6: " + (scratch / "c") + ": free disk space: expected "));
  CHECK(message.find("for the checkpoint of step 20, found 1000 bytes") != std::string::npos);
  CHECK(folder.steps() == Steps{10});
}

TEST_CASE(
    "checkpoint_folder: each call that fails, once or for good, leaves a valid checkpoint and no temporary files") {
  std::size_t calls = 0;
  for (const bool for_good : {false, true}) {
    const auto errors = for_good ? std::vector{EIO} : std::vector{EIO, ENOSPC, EDQUOT, EACCES, EROFS, EMFILE};
    for (const int error : errors) {
      for (std::size_t n = 1;; ++n) {
        const Scratch scratch;
        const std::string path = scratch / "c";
        bool failed = false, thrown = false;
        {
          io::CheckpointFolder folder(path);
          save(folder, 10);
          save(folder, 20);
          io::FaultyFileSystem files;
          files.fail_at = n;
          files.for_good = for_good;
          files.error = error;
          {
            const io::UseFileSystem use(files);
            try {
              save(folder, 30);
            } catch (const ctp::Error& problem) {
              thrown = true;
              CHECK(static_cast<int>(problem.code()) != 70);
              CHECK(std::string(problem.what()).find(path) != std::string::npos);
            }
          }
          failed = files.failed();
          CAPTURE(n);
          CAPTURE(error);
          const long newest = newest_step(path);
          CHECK((newest == 20 || newest == 30));
          if (!thrown) CHECK(newest == 30);
          // A failure of one call leaves nothing behind; if all calls fail, the next save removes what stays.
          save(folder, 40);
          CHECK(newest_step(path) == 40);
        }
        if (!for_good) CHECK(others_in(path) == 0);
        if (!failed) break;
        calls = std::max(calls, n);
      }
    }
  }
  CHECK(calls > 15);
}

TEST_CASE("checkpoint_folder: a disk that is full at any byte leaves the earlier checkpoints and nothing else") {
  const Scratch scratch;
  const std::string path = scratch / "c";
  io::CheckpointFolder folder(path);
  save(folder, 10);
  save(folder, 20);
  FullDisk disk;
  const io::UseFileSystem use(disk);
  std::uint64_t bytes = 0;
  for (;; ++bytes) {
    disk.left = bytes;
    const std::string message = message_of([&] { save(folder, 30); });
    if (message == "none") break;
    CAPTURE(bytes);
    CHECK(message.starts_with("6: " + path));
    CHECK(message.find("No space left on device; free some space or write elsewhere") != std::string::npos);
    CHECK(folder.steps() == Steps{10, 20});
    CHECK(newest_step(path) == 20);
    CHECK(others_in(path) == 1);  // the lock
  }
  CHECK(bytes > 300);
  CHECK(newest_step(path) == 30);
}

TEST_CASE("checkpoint_folder: short writes and interruptions change nothing") {
  const Scratch scratch;
  io::CheckpointFolder folder(scratch / "c");
  io::FaultyFileSystem files;
  files.piece = 1;
  files.interruptions = 3;
  const io::UseFileSystem use(files);
  save(folder, 10);
  CHECK(newest_step(scratch / "c") == 10);
}

TEST_CASE("checkpoint_folder: after a loss of power at any call a valid checkpoint is there, and the next save works") {
  std::size_t calls = 0;
  for (const auto bytes : {io::Unsynced::Dropped, io::Unsynced::Zeroed, io::Unsynced::Kept}) {
    for (const bool names_lost : {false, true}) {
      for (std::size_t n = 1;; ++n) {
        const Scratch scratch;
        const std::string path = scratch / "c";
        {
          io::CheckpointFolder folder(path);
          save(folder, 10);
          save(folder, 20);
        }
        io::PowerLossFileSystem files;
        files.fail_at = n;
        bool saved = false;
        {
          io::CheckpointFolder folder(path);
          const io::UseFileSystem use(files);
          saved = message_of([&] { save(folder, 30); }) == "none";
        }
        files.recover(bytes, names_lost);
        CAPTURE(n);
        const long newest = newest_step(path);
        CHECK((newest == 20 || newest == 30));
        if (saved) CHECK(newest == 30);  // what was reported as saved survives
        io::CheckpointFolder again(path);
        save(again, 40);
        CHECK(newest_step(path) == 40);
        calls = std::max(calls, n);
        if (!files.failed()) break;
      }
    }
  }
  CHECK(calls > 15);
}
