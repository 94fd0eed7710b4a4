#include <ctp/io/files.hpp>

#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/testing/faulty_file_system.hpp>

#include <io/scratch.hpp>

namespace io = ctp::io;

namespace {
std::size_t open_files() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}
}  // namespace

TEST_CASE("files: an atomic write reads back the same bytes, also for unusual names") {
  const Scratch scratch;
  for (const std::string& name :
       {std::string("plain"), std::string("with space"), std::string("重量.bin"), std::string(255, 'n')}) {
    CAPTURE(name);
    io::write_file_atomically(scratch / name, std::string("one\0two", 7));
    CHECK(get(scratch / name) == std::string("one\0two", 7));
    io::write_file_atomically(scratch / name, "shorter");
    CHECK(io::read_text(scratch / name) == "shorter");
    CHECK(io::read_file(scratch / name).size() == 7);
  }
  CHECK(scratch.files() == 4);
  io::write_file_atomically(scratch / "empty", "");
  CHECK(io::read_text(scratch / "empty").empty());
}

TEST_CASE("files: a relative path is written in the current folder") {
  const Scratch scratch;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(scratch.path);
  io::write_file_atomically("relative", "x");
  std::filesystem::current_path(before);
  CHECK(get(scratch / "relative") == "x");
}

TEST_CASE("files: a missing file, a folder and a pipe are refused by name, without blocking") {
  const Scratch scratch;
  const std::string missing = scratch / "missing";
  CHECK(message_of([&] { io::read_text(missing); }) ==
        "3: " + missing + ": open: expected a readable file, found No such file or directory; check the path");
  CHECK(message_of([&] { io::read_text(scratch.path); }) ==
        "3: " + scratch.path + ": open: expected a regular file, found a directory; check the path");
  const std::string pipe = scratch / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(message_of([&] { io::read_text(pipe); }) ==
        "3: " + pipe + ": open: expected a regular file, found a device or a pipe; check the path");
}

TEST_CASE("files: a file above the limit is refused before it is read") {
  const Scratch scratch;
  put(scratch / "f", "12345");
  CHECK(io::read_text(scratch / "f", 5) == "12345");
  CHECK(message_of([&] { io::read_text(scratch / "f", 4); }) ==
        "3: " + scratch / "f" + ": size: expected at most 4 bytes, found 5 bytes");
}

TEST_CASE("files: one-byte pieces and repeated interruptions do not change the result") {
  const Scratch scratch;
  const std::string content(300, 'x');
  io::FaultyFileSystem files;
  files.piece = 1;
  files.interruptions = 50;
  const io::UseFileSystem use(files);
  io::write_file_atomically(scratch / "f", content);
  CHECK(io::read_text(scratch / "f") == content);
  io::AppendFile log(scratch / "log");
  log.append_line("first");
  log.append_line("second");
  CHECK(get(scratch / "log") == "first\nsecond\n");
}

TEST_CASE("files: after a failure of any call of an atomic write the file holds the complete old or new content") {
  for (const int error : {ENOSPC, EIO, EDQUOT, EACCES, EROFS, EMFILE}) {
    bool reached = true;
    for (std::size_t n = 1; reached; ++n) {
      CAPTURE(error);
      CAPTURE(n);
      const Scratch scratch;
      put(scratch / "f", "old");
      const std::size_t open_before = open_files();
      io::FaultyFileSystem files;
      files.piece = 4;
      files.fail_at = n;
      files.error = error;
      std::string message;
      {
        const io::UseFileSystem use(files);
        message = message_of([&] { io::write_file_atomically(scratch / "f", "the new content"); });
      }
      reached = files.failed();
      CHECK(get(scratch / "f") == (reached && n <= 8 ? "old" : "the new content"));  // call 8: the rename
      CHECK(scratch.files() == 1);
      CHECK(open_files() == open_before);
      if (!reached) {
        CHECK(message == "none");
        CHECK(files.log() == std::vector<std::string>{"open", "write", "write", "write", "write", "sync", "close",
                                                      "rename", "open", "sync", "close"});
      } else if (n <= 10) {  // call 11: close of the folder, which cannot lose data
        CHECK(message.starts_with("6: " + scratch / "f" + ": "));
        CHECK(message.find(std::generic_category().message(error)) != std::string::npos);
      }
    }
  }
}

TEST_CASE("files: an unsynced write replaces the content without sync or rename, and every failed call is named") {
  const Scratch scratch;
  put(scratch / "f", "a longer old content");
  const auto write = [&] { io::write_file_unsynced(scratch / "f", std::as_bytes(std::span("new", 3))); };
  io::FaultyFileSystem files;
  files.piece = 2;
  const io::UseFileSystem use(files);
  write();
  CHECK(get(scratch / "f") == "new");
  CHECK(files.log() == std::vector<std::string>{"open", "write", "write", "close"});
  const std::vector<std::string> operations{"create", "write", "write", "close"};
  for (std::size_t n = 1; n <= 4; ++n) {
    files.fail_at = files.calls() + n;
    CHECK(message_of(write).starts_with("6: " + scratch / "f" + ": " + operations[n - 1] + ": "));
    CHECK(files.failed());
  }
}

TEST_CASE("files: a permanent disk failure leaves the old content") {
  for (std::size_t n = 1; n <= 8; ++n) {
    CAPTURE(n);
    const Scratch scratch;
    put(scratch / "f", "old");
    io::FaultyFileSystem files;
    files.piece = 4;
    files.fail_at = n;
    files.for_good = true;
    const io::UseFileSystem use(files);
    CHECK(message_of([&] { io::write_file_atomically(scratch / "f", "the new content"); }).starts_with("6: "));
    CHECK(get(scratch / "f") == "old");
  }
}

TEST_CASE("files: an uncommitted file leaves no temporary file, and a temporary name in use is skipped") {
  const Scratch scratch;
  std::string used;
  {
    io::AtomicFile file(scratch / "f");
    file.write("half");
    used = file.temporary_path();
  }
  CHECK(scratch.files() == 0);
  const auto dash = used.rfind('-') + 1;
  const std::string next = used.substr(0, dash) + std::to_string(std::stoul(used.substr(dash)) + 1);
  put(next, "left by another process");
  io::write_file_atomically(scratch / "f", "new");
  CHECK(get(scratch / "f") == "new");
  CHECK(get(next) == "left by another process");
}

TEST_CASE("files: a link at the path is replaced, not followed") {
  const Scratch scratch;
  put(scratch / "outside", "untouched");
  std::filesystem::create_symlink(scratch / "outside", scratch / "link");
  io::write_file_atomically(scratch / "link", "new");
  CHECK(get(scratch / "outside") == "untouched");
  CHECK(get(scratch / "link") == "new");
}

TEST_CASE("files: a file truncated during a read is an error") {
  const Scratch scratch;
  put(scratch / "f", std::string(100, 'x'));
  struct Cutting : io::FileSystem {
    std::string path;
    std::uintmax_t keep = 0;
    std::int64_t read_at(int file, void* to, std::size_t bytes, std::uint64_t offset) override {
      const auto done = FileSystem::read_at(file, to, std::min<std::size_t>(bytes, 50), offset);
      std::filesystem::resize_file(path, keep);
      return done;
    }
  } files;
  files.path = scratch / "f";
  files.keep = 60;
  const io::UseFileSystem use(files);
  CHECK(message_of([&] { io::read_text(scratch / "f"); }).find("cut short while it was read") != std::string::npos);
  put(scratch / "f", std::string(100, 'x'));
  files.keep = 200;
  CHECK(message_of([&] { io::read_text(scratch / "f"); }).find("expected 100 bytes as when it was opened, found 200") !=
        std::string::npos);
}

TEST_CASE("files: appending continues after the existing content, on a new line") {
  const Scratch scratch;
  put(scratch / "log", "whole\nbroken off");
  {
    io::AppendFile log(scratch / "log");
    log.append_line("next");
    CHECK(log.size() == 22);
    log.sync();
  }
  CHECK(get(scratch / "log") == "whole\nbroken off\nnext\n");
  io::AppendFile cut(scratch / "log", 6);
  CHECK(get(scratch / "log") == "whole\n");
  cut.append_line("again");
  CHECK(get(scratch / "log") == "whole\nagain\n");
  CHECK(cut.size() == 12);
  CHECK(message_of([&] { io::AppendFile(scratch / "log", 13); }).find("at least 13 bytes, found 12 bytes") !=
        std::string::npos);
  CHECK(message_of([&] { cut.append_line("two\nlines"); }).starts_with("2: "));
}

TEST_CASE("files: no part of a line that does not fit stays in the log, and the log stays usable") {
  const Scratch scratch;
  io::FaultyFileSystem files;
  files.piece = 3;
  files.error = ENOSPC;
  const io::UseFileSystem use(files);
  io::AppendFile log(scratch / "log");
  log.append_line("first");
  for (const std::size_t later : {1U, 2U}) {  // the first or the second piece fails
    files.fail_at = files.calls() + later;
    CHECK(message_of([&] { log.append_line("lost line"); }) ==
          "6: " + scratch / "log" +
              ": append: expected to store 10 bytes, found No space left on "
              "device; free some space or write elsewhere");
    CHECK(get(scratch / "log") == "first\n");
  }
  log.append_line("second");
  CHECK(get(scratch / "log") == "first\nsecond\n");
  files.fail_at = files.calls() + 2;
  files.for_good = true;  // the cut fails too
  CHECK_THROWS_AS(log.append_line("half line"), ctp::ResourceError);
  files.fail_at = 0;
  log.append_line("third");
  CHECK(get(scratch / "log") == "first\nsecond\nhal\nthird\n");
  CHECK(log.size() == get(scratch / "log").size());
}

TEST_CASE("files: a log knows the bytes of its file, those of other programs too, after its removal as well") {
  const Scratch scratch;
  io::FaultyFileSystem files;
  files.piece = 3;  // several reads
  const io::UseFileSystem use(files);
  put(scratch / "log", "before\n");
  io::AppendFile log(scratch / "log"), other(scratch / "log");
  log.append_line("first");
  other.append_line("other");
  const std::string all = "before\nfirst\nother\n";
  for (const bool removed : {false, true}) {
    if (removed) std::filesystem::remove(scratch / "log");
    CHECK(log.stored_bytes() == all.size());
    CHECK(log.size() == all.size() - 6);
    CHECK(log.text_from(0) == all);
    CHECK(log.text_from(9) == all.substr(9));
    CHECK(log.text_from(all.size()).empty());
    CHECK(log.text_from(all.size() + 1).empty());
  }
  files.fail_at = files.calls() + 1;
  CHECK(message_of([&] { (void)log.stored_bytes(); }).starts_with("6: " + scratch / "log" + ": status: "));
  files.fail_at = files.calls() + 2;
  CHECK(message_of([&] { (void)log.text_from(0); }).starts_with("6: " + scratch / "log" + ": read: "));
  CHECK(log.text_from(0) == all);
}

TEST_CASE("files: a full disk is a resource error") {
  if (!io::exists("/dev/full")) {
    MESSAGE("SKIP: no /dev/full on this machine");
    return;
  }
  io::AppendFile log("/dev/full");
  CHECK(message_of([&] { log.append_line("x"); }).starts_with("6: /dev/full: append: "));
}

TEST_CASE("files: folders are made with their parents, and a file in the way is named") {
  const Scratch scratch;
  io::make_directories(scratch / "a/b/c/");
  io::make_directories(scratch / "a/b");
  CHECK(io::is_directory(scratch / "a/b/c"));
  put(scratch / "a/file", "");
  CHECK(message_of([&] { io::make_directories(scratch / "a/file/d"); }) ==
        "3: " + scratch / "a/file/d" + ": make directory: expected a directory at \"" + scratch / "a/file" +
            "\", found a file; choose another path");
  CHECK(io::list_directory(scratch / "a") == std::vector<std::string>{"b", "file"});
  CHECK(message_of([&] { (void)io::list_directory(scratch / "none"); }).starts_with("3: "));
  CHECK(io::exists(scratch / "a/file"));
  CHECK(!io::exists(scratch / "a/file/below"));
  io::remove_file(scratch / "a/file");
  io::remove_file(scratch / "a/file");
  CHECK(!io::exists(scratch / "a/file"));
  io::FaultyFileSystem files;
  files.error = EROFS;
  const io::UseFileSystem use(files);
  io::make_directories(scratch / "w");
  files.fail_at = 2 * files.calls();  // the call that would make x
  CHECK(message_of([&] { io::make_directories(scratch / "x/y"); }).starts_with("6: "));
}

TEST_CASE("files: directory_of splits and join concatenates paths") {
  CHECK(io::directory_of("a/b/c") == "a/b");
  CHECK(io::directory_of("a/b/") == "a");
  CHECK(io::directory_of("c") == ".");
  CHECK(io::directory_of("/c") == "/");
  CHECK(io::directory_of("/") == "/");
  CHECK(io::join("a", "b") == "a/b");
  CHECK(io::join("a/", "b") == "a/b");
  CHECK(io::join("", "b") == "b");
}
