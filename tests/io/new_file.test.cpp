#include <ctp/io/new_file.hpp>

#include <string>

#include <doctest/doctest.h>

#include <ctp/testing/faulty_file_system.hpp>

#include <io/scratch.hpp>

namespace io = ctp::io;

TEST_CASE("new_file: creates a file, never opens one, and syncs before it closes") {
  const Scratch scratch;
  io::FaultyFileSystem files;
  files.piece = 2;
  {
    const io::UseFileSystem use(files);
    io::NewFile file(scratch / "new");
    file.write("hello ");
    file.write("world");
    CHECK(file.size() == 11);
    file.finish();
  }
  CHECK(get(scratch / "new") == "hello world");
  const auto& log = files.log();
  REQUIRE(log.size() > 2);
  CHECK(log[log.size() - 2] == "sync");
  CHECK(log.back() == "close");
  CHECK(message_of([&] { io::NewFile(scratch / "new"); }) ==
        "6: " + (scratch / "new") + ": create: expected to create a file in the folder, found File exists");
  std::filesystem::create_symlink("outside", scratch / "link");
  CHECK(message_of([&] { io::NewFile(scratch / "link"); }).starts_with("6: "));
  CHECK_FALSE(std::filesystem::exists(scratch / "outside"));
}

TEST_CASE("new_file: every call that fails is an error that names the file") {
  for (std::size_t n = 1;; ++n) {
    const Scratch scratch;
    io::FaultyFileSystem files;
    files.fail_at = n;
    files.error = ENOSPC;
    const io::UseFileSystem use(files);
    const std::string message = message_of([&] {
      io::NewFile file(scratch / "new");
      file.write("x");
      file.finish();
    });
    if (!files.failed()) break;
    CAPTURE(n);
    CHECK(message.starts_with("6: " + (scratch / "new")));
    CHECK(message.find("free some space") != std::string::npos);
  }
}
