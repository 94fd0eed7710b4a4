#include <ctp/testing/power_loss.hpp>

#include <fcntl.h>

#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include <io/scratch.hpp>

namespace fs = std::filesystem;
using ctp::io::PowerLossFileSystem;
using ctp::io::Unsynced;

namespace {
/// Writes "abc" to a new file, syncs it if `synced`, then writes "de".
void write(PowerLossFileSystem& files, const std::string& path, bool synced) {
  const int file = files.open(path.c_str(), O_WRONLY | O_CREAT, 0600);
  REQUIRE(file >= 0);
  REQUIRE(files.write(file, "abc", 3) == 3);
  if (synced) REQUIRE(files.sync(file) == 0);
  REQUIRE(files.write(file, "de", 2) == 2);
  REQUIRE(files.close(file) == 0);
}
void sync_folder(PowerLossFileSystem& files, const std::string& path) {
  const int folder = files.open(path.c_str(), O_RDONLY | O_DIRECTORY, 0);
  REQUIRE(files.sync(folder) == 0);
  REQUIRE(files.close(folder) == 0);
}
}  // namespace

TEST_CASE("power_loss: bytes behind the last sync are dropped or zeros, or were written nevertheless") {
  for (const bool synced : {false, true}) {
    for (const auto& [kind, expected] :
         {std::pair{Unsynced::Dropped, synced ? std::string("abc") : std::string()},
          std::pair{Unsynced::Zeroed, synced ? std::string("abc\0\0", 5) : std::string(5, '\0')},
          std::pair{Unsynced::Kept, std::string("abcde")}}) {
      const Scratch scratch;
      PowerLossFileSystem files;
      write(files, scratch / "f", synced);
      files.recover(kind, false);
      CHECK(get(scratch / "f") == expected);
    }
  }
}

TEST_CASE("power_loss: names that no sync of their folder follows are undone, also inside a renamed folder") {
  for (const bool synced : {false, true}) {
    const Scratch scratch;
    PowerLossFileSystem files;
    REQUIRE(files.make_directory((scratch / "tmp").c_str()) == 0);
    write(files, scratch / "tmp/f", true);
    if (synced) sync_folder(files, scratch / "tmp");
    REQUIRE(files.rename((scratch / "tmp").c_str(), (scratch / "new").c_str()) == 0);
    if (synced) sync_folder(files, scratch.path);
    files.recover(Unsynced::Kept, true);
    CHECK(fs::exists(scratch / "new/f") == synced);
    CHECK_FALSE(fs::exists(scratch / "tmp"));
  }
}

TEST_CASE("power_loss: from the N-th call on nothing changes the files") {
  const Scratch scratch;
  PowerLossFileSystem files;
  files.fail_at = 2;
  const int file = files.open((scratch / "f").c_str(), O_WRONLY | O_CREAT, 0600);
  CHECK(files.write(file, "a", 1) == -1);
  CHECK(files.rename((scratch / "f").c_str(), (scratch / "g").c_str()) == -1);
  CHECK(files.remove_file((scratch / "f").c_str()) == -1);
  CHECK(files.close(file) == -1);
  CHECK(files.failed());
  CHECK(fs::file_size(scratch / "f") == 0);
}
