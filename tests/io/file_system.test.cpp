#include <ctp/io/file_system.hpp>

#include <string>
#include <type_traits>

#include <doctest/doctest.h>

#include <io/scratch.hpp>

namespace {
struct Refusing : ctp::io::FileSystem {
  int open(const char* /*path*/, int /*flags*/, unsigned /*mode*/) override {
    errno = EMFILE;
    return -1;
  }
};
}  // namespace

static_assert(!std::is_copy_constructible_v<ctp::io::FileSystem>);

TEST_CASE("file_system: a replacement is in place until the end of its scope, and replacements nest") {
  ctp::io::FileSystem& own = ctp::io::file_system();
  Refusing outer, inner;
  {
    const ctp::io::UseFileSystem use_outer(outer);
    CHECK(&ctp::io::file_system() == &outer);
    {
      const ctp::io::UseFileSystem use_inner(inner);
      CHECK(&ctp::io::file_system() == &inner);
    }
    CHECK(&ctp::io::file_system() == &outer);
  }
  CHECK(&ctp::io::file_system() == &own);
}

TEST_CASE("file_system: status distinguishes files, folders and other entries") {
  const Scratch scratch;
  put(scratch / "file", "12345");
  ctp::io::FileSystem& files = ctp::io::file_system();
  ctp::io::FileStatus facts;
  REQUIRE(files.status((scratch / "file").c_str(), facts) == 0);
  CHECK((facts.kind == ctp::io::FileKind::Regular && facts.size == 5));
  REQUIRE(files.status(scratch.path.c_str(), facts) == 0);
  CHECK(facts.kind == ctp::io::FileKind::Directory);
  REQUIRE(files.status("/dev/null", facts) == 0);
  CHECK(facts.kind == ctp::io::FileKind::Other);
  CHECK(files.status((scratch / "none").c_str(), facts) < 0);
}

TEST_CASE("file_system: errno decides between DataError and ResourceError") {
  const auto thrown = [](int problem, bool reading) {
    errno = problem;
    return message_of([&] { ctp::io::detail::throw_system_error("p", "open", reading, "a readable file"); });
  };
  CHECK(thrown(ENOENT, true) ==
        "3: p: open: expected a readable file, found No such file or directory; check the path");
  CHECK(thrown(ENOENT, false) ==
        "6: p: open: expected a readable file, found No such file or directory; create the folder first");
  CHECK(thrown(ENOSPC, false) ==
        "6: p: open: expected a readable file, found No space left on device; free some space or write elsewhere");
  CHECK(thrown(EACCES, true) == "6: p: open: expected a readable file, found Permission denied; check the permissions");
  CHECK(thrown(EIO, true) == "6: p: open: expected a readable file, found Input/output error");
}
