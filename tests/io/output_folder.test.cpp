#include <ctp/io/output_folder.hpp>

#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/testing/faulty_file_system.hpp>

#include <io/scratch.hpp>

namespace fs = std::filesystem;
namespace io = ctp::io;
using io::Overwrite;

namespace {
/// Only a folder with the single entry "set" may be replaced.
std::string foreign(const std::string& folder) {
  for (const std::string& name : io::list_directory(folder))
    if (name != "set") return name;
  return "";
}
std::string write(const std::string& target, const std::string& content, Overwrite overwrite = Overwrite::No) {
  return message_of([&] {
    io::OutputFolder out("--output", target, overwrite, foreign);
    put(out.path() + "/set", content);
    out.commit();
  });
}
}  // namespace

TEST_CASE("output_folder: a new and an empty folder get the content at the end; without commit nothing is left") {
  const Scratch scratch;
  {
    const io::OutputFolder lost("--output", scratch / "a/b", Overwrite::No, foreign);
  }
  CHECK(scratch.files() == 0);
  CHECK(write(scratch / "a/b/", "x") == "none");
  CHECK(get(scratch / "a/b/set") == "x");
  fs::create_directories(scratch / "empty");
  fs::create_symlink("empty", scratch / "link");
  {
    const io::OutputFolder lost("--output", scratch / "link", Overwrite::No, foreign);
    put(lost.path() + "/set", "lost");
  }
  CHECK(fs::is_empty(scratch / "empty"));
  CHECK(write(scratch / "link", "y") == "none");
  CHECK(io::list_directory(scratch / "empty") == std::vector<std::string>{"set"});
  CHECK(fs::is_symlink(scratch / "link"));
}

TEST_CASE("output_folder: a folder with something in it is replaced only if asked, and if nothing in it is foreign") {
  const Scratch scratch;
  const std::string target = scratch / "t";
  CHECK(write(target, "old") == "none");
  CHECK(write(target, "new").starts_with("2: --output "));
  CHECK(get(target + "/set") == "old");
  CHECK(write(target, "new", Overwrite::Yes) == "none");
  CHECK(get(target + "/set") == "new");
  put(target + "/mine", "x");
  const std::string message = write(target, "newer", Overwrite::Yes);
  CHECK(message.starts_with("2: "));
  CHECK(message.find("\"mine\"") != std::string::npos);
  CHECK(get(target + "/set") == "new");
  put(scratch / "file", "x");
  CHECK(write(scratch / "file", "y", Overwrite::Yes).starts_with("2: "));
  CHECK(scratch.files() == 2);
}

TEST_CASE("output_folder: files that come while the content is written are not removed") {
  const Scratch scratch;
  for (const bool there : {false, true}) {
    const std::string target = scratch / (there ? "there" : "new");
    if (there) CHECK(write(target, "old") == "none");
    const std::string message = message_of([&] {
      io::OutputFolder out("--output", target, there ? Overwrite::Yes : Overwrite::No, foreign);
      fs::create_directories(target);
      put(target + "/mine", "x");
      out.commit();
    });
    CHECK(message.starts_with("2: "));
    CHECK(get(target + "/mine") == "x");
    CHECK(io::list_directory(target).size() == (there ? 2 : 1));
  }
  CHECK(scratch.files() == 2);
}

TEST_CASE("output_folder: whichever call of the system fails, the old content or the whole new content is there") {
  const Scratch scratch;
  const std::string target = scratch / "t";
  for (const bool for_good : {false, true}) {
    for (std::size_t n = 1; n < 200; ++n) {
      CAPTURE(n);
      fs::remove_all(target);
      REQUIRE(write(target, "old") == "none");
      io::FaultyFileSystem files;
      files.fail_at = n;
      files.for_good = for_good;
      {
        const io::UseFileSystem use(files);
        (void)write(target, "new", Overwrite::Yes);
      }
      if (!files.failed()) break;
      if (!io::exists(target + "/set")) {  // the old content could not be moved back: it lies beside its place
        CHECK(for_good);
        continue;
      }
      CHECK((get(target + "/set") == "old" || get(target + "/set") == "new"));
    }
  }
}
