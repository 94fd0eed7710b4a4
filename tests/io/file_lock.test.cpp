#include <ctp/io/file_lock.hpp>

#include <string>

#include <doctest/doctest.h>

#include <ctp/testing/faulty_file_system.hpp>

#include <io/scratch.hpp>

namespace io = ctp::io;
using Taken = io::FileLock::Taken;

TEST_CASE("file_lock: one object at a time, until it is released or the file is replaced") {
  const Scratch scratch;
  io::FileLock first(scratch / "lock"), second(scratch / "lock");
  CHECK_FALSE(first.owned());
  CHECK(first.take() == Taken::Yes);
  CHECK(first.owned());
  CHECK(second.take() == Taken::ByOther);
  CHECK_FALSE(second.held());
  first.write("a text");
  CHECK(get(scratch / "lock") == "a text");
  first.write("b");
  CHECK(get(scratch / "lock") == "b");
  first.release();
  CHECK(second.take() == Taken::Yes);
  CHECK(get(scratch / "lock") == "b");
  std::filesystem::remove(scratch / "lock");
  CHECK_FALSE(second.owned());
  CHECK(second.held());
  CHECK(first.take() == Taken::Yes);  // another file by now
  CHECK_FALSE(second.owned());
}

TEST_CASE("file_lock: a folder that is not there, a link, and a file system without locks") {
  const Scratch scratch;
  io::FileLock nowhere(scratch / "no/lock");
  CHECK(nowhere.take() == Taken::Gone);
  std::filesystem::create_symlink("outside", scratch / "link");
  io::FileLock link(scratch / "link");
  CHECK(message_of([&] { (void)link.take(); }).starts_with("6: " + (scratch / "link") + ": create: "));
  io::FaultyFileSystem files;
  files.fail_at = 2;  // the lock, behind the open
  files.error = ENOLCK;
  const io::UseFileSystem use(files);
  io::FileLock without(scratch / "lock");
  CHECK(without.take() == Taken::Yes);
  CHECK(files.log()[1] == "lock");
}
