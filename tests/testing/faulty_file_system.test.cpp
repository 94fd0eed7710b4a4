#include <ctp/testing/faulty_file_system.hpp>

#include <array>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <io/scratch.hpp>

using ctp::io::FaultyFileSystem;

TEST_CASE("faulty_file_system: the N-th call fails once, or from then on") {
  FaultyFileSystem files;
  files.fail_at = 2;
  files.error = ENOSPC;
  ctp::io::FileStatus facts;
  CHECK(files.status("/", facts) == 0);
  CHECK(!files.failed());
  errno = 0;
  CHECK(files.status("/", facts) == -1);
  CHECK(errno == ENOSPC);
  CHECK(files.failed());
  CHECK(files.status("/", facts) == 0);
  CHECK(files.log() == std::vector<std::string>{"status", "status", "status"});

  FaultyFileSystem broken;
  broken.fail_at = 1;
  broken.for_good = true;
  CHECK(broken.status("/", facts) == -1);
  CHECK(broken.make_directory("/tmp") == -1);
  CHECK(errno == EIO);
}

TEST_CASE("faulty_file_system: reads and writes move small pieces, and interruptions come before each call") {
  const Scratch scratch;
  FaultyFileSystem files;
  files.piece = 2;
  files.interruptions = 1;
  errno = 0;
  CHECK(files.open((scratch / "f").c_str(), O_RDWR | O_CREAT, 0600) == -1);
  CHECK(errno == EINTR);
  const int file = files.open((scratch / "f").c_str(), O_RDWR | O_CREAT, 0600);
  REQUIRE(file >= 0);
  CHECK(files.write(file, "abcdef", 6) == -1);
  CHECK(files.write(file, "abcdef", 6) == 2);
  std::array<char, 8> back{};
  CHECK(files.read_at(file, back.data(), 8, 0) == -1);
  CHECK(files.read_at(file, back.data(), 8, 0) == 2);
  CHECK(files.close(file) == 0);
  CHECK(get(scratch / "f") == "ab");
}

TEST_CASE("faulty_file_system: a close that fails has closed the file") {
  FaultyFileSystem files;
  const int file = files.open("/dev/null", O_RDONLY, 0);
  REQUIRE(file >= 0);
  files.fail_at = 2;
  CHECK(files.close(file) == -1);
  CHECK(::fcntl(file, F_GETFD) == -1);
}
