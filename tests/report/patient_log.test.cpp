#include <ctp/report/patient_log.hpp>

#include <cerrno>
#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include <ctp/testing/faulty_file_system.hpp>

#include <io/scratch.hpp>

using ctp::JsonLine;
using ctp::report::PatientLog;

TEST_CASE("patient_log: lines that cannot be written wait, the problem is said once, and the file has every line") {
  const Scratch scratch;
  ctp::io::FaultyFileSystem files;
  files.piece = 3;
  files.error = ENOSPC;
  const ctp::io::UseFileSystem use(files);
  int said = 0;
  PatientLog log(scratch / "log", [&](const std::string&) { ++said; });
  log.open();
  log.write(JsonLine().add("n", 1));
  const std::size_t before = files.calls();
  files.fail_at = before + 2;  // the second piece of the line: a part of it is written and cut away again
  log.write(JsonLine().add("n", 2));
  CHECK(get(scratch / "log") == "{\"n\":1}\n");
  CHECK(log.lost() == 1);
  CHECK(log.complaint().find("No space left on device") != std::string::npos);
  files.fail_at = files.calls() + 1;
  log.write(JsonLine().add("n", 3));
  CHECK(log.lost() == 2);
  log.write(JsonLine().add("n", 4));
  CHECK(get(scratch / "log") == "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n{\"n\":4}\n");
  CHECK(log.lost() == 0);
  CHECK(said == 1);
  log.close();
  CHECK(log.complaint().empty());
}

TEST_CASE("patient_log: lines that stay unwritten are lost and counted; memory for them is limited") {
  const Scratch scratch;
  ctp::io::FaultyFileSystem files;
  const ctp::io::UseFileSystem use(files);
  PatientLog log(scratch / "log", {}, 20);
  log.open();
  files.fail_at = files.calls() + 1;
  files.for_good = true;
  for (int i = 0; i < 5; ++i) log.write(JsonLine().add("n", i));  // 7 bytes each: two wait, three are given up
  CHECK(log.lost() == 5);
  files.fail_at = 0;
  log.close();
  CHECK(get(scratch / "log") == "{\"n\":3}\n{\"n\":4}\n");
  CHECK(log.lost() == 3);
  CHECK(log.complaint().find("lines lost: 3") != std::string::npos);
}

TEST_CASE("patient_log: a failing sync or close at the end is a complaint though every line was written") {
  const Scratch scratch;
  for (const char* call : {"sync", "close"}) {
    ctp::io::FaultyFileSystem files;
    const ctp::io::UseFileSystem use(files);
    PatientLog log(scratch / call);
    log.write(JsonLine().add("n", 1));
    files.fail_at = files.calls() + (std::string(call) == "sync" ? 1 : 2);
    log.close();
    CHECK(log.complaint().find(std::string(call) == "sync" ? "fsync" : "close") != std::string::npos);
  }
}

TEST_CASE("patient_log: a file that is removed or replaced is noticed") {
  const Scratch scratch;
  PatientLog log(scratch / "log");
  CHECK(log.in_place());
  log.open();
  CHECK(log.in_place());
  std::filesystem::rename(scratch / "log", scratch / "moved");
  CHECK_FALSE(log.in_place());
  put(scratch / "log", "");
  CHECK_FALSE(log.in_place());
  std::filesystem::rename(scratch / "moved", scratch / "log");
  CHECK(log.in_place());
}

TEST_CASE("patient_log: a removed file is made again with all its lines, and the log goes on in it") {
  const Scratch scratch;
  PatientLog log(scratch / "log");
  log.write(JsonLine().add("n", 1));
  CHECK_FALSE(log.follow());
  std::filesystem::remove(scratch / "log");
  log.write(JsonLine().add("n", 2));  // into the removed file
  const auto done = log.follow();
  REQUIRE(done);
  CHECK(done->removed);
  CHECK(done->lines_before == 2);
  CHECK(done->lines_now == 2);
  log.write(JsonLine().add("n", 3));
  CHECK_FALSE(log.follow());
  log.close();
  CHECK(get(scratch / "log") == "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
  CHECK(log.complaint().empty());
}

TEST_CASE("patient_log: an edited file that replaces the log gets the lines that its editor had not read") {
  struct Case {
    const char *edited, *wanted;  // the file that replaces six lines, the last two of them not read; what becomes of it
  };
  for (const Case& c :
       {Case{"{\"n\":0}\n{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n", "{\"n\":0}\n{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n"},
        Case{"{\"m\":0}\n{\"m\":1}\n{\"m\":2}\n{\"m\":3}\n", "{\"m\":0}\n{\"m\":1}\n{\"m\":2}\n{\"m\":3}\n"},
        Case{"{\"n\":2}\n{\"m\":3}", "{\"n\":2}\n{\"m\":3}\n"}, Case{"{\"n\":3}\n", "{\"n\":3}\n"}}) {
    CAPTURE(c.edited);
    const Scratch scratch;
    PatientLog log(scratch / "log");
    for (int n = 0; n < 6; ++n) log.write(JsonLine().add("n", n));
    put(scratch / "new", c.edited);
    std::filesystem::rename(scratch / "new", scratch / "log");
    const auto done = log.follow();
    REQUIRE(done);
    CHECK_FALSE(done->removed);
    CHECK(done->lines_before == 6);
    log.write(JsonLine().add("n", 6));
    log.close();
    CHECK(get(scratch / "log") == std::string(c.wanted) + "{\"n\":4}\n{\"n\":5}\n{\"n\":6}\n");
    CHECK(log.complaint().empty());
  }
}

TEST_CASE("patient_log: lines of before the last call but one that another file lacks stay away") {
  const Scratch scratch;
  PatientLog log(scratch / "log");
  log.write(JsonLine().add("n", 0));
  CHECK_FALSE(log.follow());
  log.write(JsonLine().add("n", 1));
  CHECK_FALSE(log.follow());
  log.write(JsonLine().add("n", 2));
  put(scratch / "new", "");
  std::filesystem::rename(scratch / "new", scratch / "log");
  const auto done = log.follow();
  REQUIRE(done);
  CHECK(done->lines_before == 3);
  CHECK(done->lines_now == 2);
  log.close();
  CHECK(get(scratch / "log") == "{\"n\":1}\n{\"n\":2}\n");
  CHECK(log.lost() == 1);
  CHECK(log.complaint().find("found another file with none of them") != std::string::npos);
}

TEST_CASE("patient_log: an editor that is open for long loses no line, or the lost lines are counted") {
  const std::string unread = "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n{\"n\":4}\n{\"n\":5}\n{\"n\":6}\n{\"n\":7}\n";
  struct Case {
    std::string edited, behind;  // what the editor made of the line n = 0; the lines behind it
    std::size_t lost;
  };
  for (const Case& c :
       {Case{"{\"n\":0}\n", unread, 0},
        Case{"{\"n\":0}\n{\"note\":\"a slow disk\"}\n{\"note\":\"a slow network\"}\n", unread, 0},
        Case{"{\"note\":\"a slow disk\"}\n{\"n\":0}\n", unread, 0},
        Case{"{\"note\":\"a slow disk\"}\n{\"note\":\"a slow network\"}\n", "{\"n\":6}\n{\"n\":7}\n", 6},
        Case{"{\"m\":0}\n", "{\"n\":6}\n{\"n\":7}\n", 5}}) {
    CAPTURE(c.edited);
    const Scratch scratch;
    PatientLog log(scratch / "log");
    log.write(JsonLine().add("n", 0));
    for (int n = 1; n < 7; ++n) {
      log.write(JsonLine().add("n", n));
      CHECK_FALSE(log.follow());
    }
    put(scratch / "new", c.edited);
    std::filesystem::rename(scratch / "new", scratch / "log");
    CHECK(log.follow());
    log.write(JsonLine().add("n", 7));
    log.close();
    CHECK(get(scratch / "log") == c.edited + c.behind);
    CHECK(log.lost() == c.lost);
    CHECK(log.complaint().empty() == (c.lost == 0));
  }
}

TEST_CASE("patient_log: lines that a file has twice hide no line behind them") {
  const Scratch scratch;
  PatientLog log(scratch / "log");
  for (const int n : {0, 1, 2, 0, 3}) log.write(JsonLine().add("n", n));
  put(scratch / "new", "{\"n\":0}\n{\"n\":1}\n");  // read before the second n = 0
  std::filesystem::rename(scratch / "new", scratch / "log");
  CHECK(log.follow());
  log.close();
  CHECK(get(scratch / "log") == "{\"n\":0}\n{\"n\":1}\n{\"n\":2}\n{\"n\":0}\n{\"n\":3}\n");
}

TEST_CASE("patient_log: whichever call fails once while a removed file is made again, no line is lost") {
  std::size_t fails = 0;
  bool failed = true;
  for (std::size_t call = 1; failed; ++call) {
    CAPTURE(call);
    const Scratch scratch;
    ctp::io::FaultyFileSystem files;
    const ctp::io::UseFileSystem use(files);
    PatientLog log(scratch / "log");
    for (int n = 0; n < 4; ++n) {
      log.write(JsonLine().add("n", n));
      CHECK_FALSE(log.follow());
    }
    std::filesystem::remove(scratch / "log");
    files.fail_at = files.calls() + call;
    const bool followed = log.follow().has_value();
    failed = files.failed();
    files.fail_at = 0;
    if (!followed) ++fails;
    if (!followed) CHECK(log.follow());
    log.write(JsonLine().add("n", 4));
    log.close();
    CHECK(get(scratch / "log") == "{\"n\":0}\n{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n{\"n\":4}\n");
    CHECK(log.complaint().empty());
  }
  CHECK(fails == 7);  // facts of both files (2), of the old one, its bytes, the path, the new file, its facts
}

namespace {
/// Puts an edited file in place just before a file is opened to append to it.
struct LateRename : ctp::io::FileSystem {
  std::string from, to;
  int open(const char* path, int flags, unsigned mode) override {
    if (path == to && std::filesystem::exists(from)) std::filesystem::rename(from, to);
    return FileSystem::open(path, flags, mode);
  }
};
}  // namespace

TEST_CASE("patient_log: an edited file that comes between the look and the opening is not taken for a new one") {
  const Scratch scratch;
  LateRename files;
  const ctp::io::UseFileSystem use(files);
  PatientLog log(scratch / "log");
  for (int n = 0; n < 3; ++n) log.write(JsonLine().add("n", n));
  std::filesystem::remove(scratch / "log");
  put(scratch / "new", "{\"n\":0}\n{\"n\":1}\n");
  files.to = scratch / "log";
  files.from = scratch / "new";
  const auto done = log.follow();
  REQUIRE(done);
  CHECK_FALSE(done->removed);
  log.close();
  CHECK(get(scratch / "log") == "{\"n\":0}\n{\"n\":1}\n{\"n\":2}\n");
}

TEST_CASE("patient_log: a place where no file can be made is a problem, and the next call tries again") {
  const Scratch scratch;
  int said = 0;
  PatientLog log(scratch / "log", [&](const std::string&) { ++said; });
  log.write(JsonLine().add("n", 1));
  std::filesystem::remove(scratch / "log");
  std::filesystem::create_directory(scratch / "log");
  CHECK_FALSE(log.follow());
  CHECK_FALSE(log.follow());
  CHECK(said == 1);
  log.write(JsonLine().add("n", 2));
  CHECK(log.complaint().find("Is a directory") != std::string::npos);
  std::filesystem::remove(scratch / "log");
  CHECK(log.follow());
  log.close();
  CHECK(log.complaint().empty());
  CHECK(get(scratch / "log") == "{\"n\":1}\n{\"n\":2}\n");
}

TEST_CASE("patient_log: the lines that wait are known, for a checkpoint") {
  const Scratch scratch;
  ctp::io::FaultyFileSystem files;
  const ctp::io::UseFileSystem use(files);
  PatientLog log(scratch / "log");
  log.write(JsonLine().add("n", 1));
  CHECK(log.waiting_lines().empty());
  files.for_good = true;
  files.fail_at = files.calls() + 1;
  log.write(JsonLine().add("n", 2));
  log.write(JsonLine().add("n", 3));
  CHECK(log.waiting_lines() == "{\"n\":2}\n{\"n\":3}\n");
}
