#include <ctp/io/output_guard.hpp>

#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <io/scratch.hpp>

namespace fs = std::filesystem;
namespace io = ctp::io;

namespace {
std::string verdict(const std::string& output, const std::string& input) {
  const std::vector<io::Input> inputs{{"--empty", ""}, {"--data", input}};
  return message_of([&] { io::require_apart("--output", output, inputs); });
}
bool refused(const std::string& output, const std::string& input) {
  return verdict(output, input).starts_with("2: --output ");
}
}  // namespace

TEST_CASE("output_guard: a path is resolved without links and dots, whether it exists or not") {
  const Scratch scratch;
  const std::string root = fs::canonical(scratch.path).string();
  fs::create_directories(scratch / "a/b");
  fs::create_symlink("a/b", scratch / "link");
  fs::create_symlink(scratch / "missing/deep", scratch / "dangling");
  CHECK(io::resolved(scratch / "link/../x") == root + "/a/x");
  CHECK(io::resolved(scratch / "dangling/../x") == root + "/missing/x");
  CHECK(io::resolved(scratch / "none/../a/./b//") == root + "/a/b");
  CHECK(io::resolved("/../..") == "/");
  CHECK(io::resolved("x") == fs::current_path().string() + "/x");
  fs::create_symlink("loop", scratch / "loop");
  CHECK(message_of([&] { (void)io::resolved(scratch / "loop"); }).starts_with("2: "));
}

TEST_CASE("output_guard: an output that is, contains or lies in an input is refused under every name") {
  const Scratch scratch;
  fs::create_directories(scratch / "data/json");
  fs::create_directories(scratch / "other");
  put(scratch / "data/json/train.json", "x");
  put(scratch / "weights", "x");
  fs::create_symlink("data", scratch / "link");
  fs::create_symlink(scratch / "data/new", scratch / "dangling");
  fs::create_hard_link(scratch / "weights", scratch / "hard");
  const std::string data = scratch / "data", weights = scratch / "weights";
  CHECK(refused(data, data));
  CHECK(refused(data + "/", data));
  CHECK(refused(scratch / "other/../data", data));
  CHECK(refused(scratch / "none/../data/./x", data));
  CHECK(refused(scratch / "link", data));
  CHECK(refused(data, scratch / "link"));
  CHECK(refused(scratch / "link/deep/er", data));
  CHECK(refused(scratch / "dangling", data));
  CHECK(refused(scratch.path, data));
  CHECK(refused(data, scratch / "data/json/train.json"));
  CHECK(refused(scratch / "hard", weights));
  CHECK(verdict(scratch / "link/run", data) ==
        "2: --output \"" + scratch / "link/run" + "\": expected a path apart from --data \"" + data +
            "\", found a path inside that input; choose another path: programs do not write where they read");

  CHECK(verdict(scratch / "data2", data) == "none");  // a name with the same beginning
  CHECK(verdict(scratch / "other", data) == "none");
  CHECK(verdict(scratch / "new/er", weights) == "none");
  CHECK(verdict(scratch / "data/../new", data) == "none");
}

TEST_CASE("output_guard: folders that a data set has as symbolic links are inputs, too") {
  const Scratch scratch;
  fs::create_directories(scratch / "data");
  fs::create_directories(scratch / "pictures");
  fs::create_symlink(scratch / "pictures", scratch / "data/train_images");
  CHECK(refused(scratch / "pictures/run", scratch / "data"));
  CHECK(verdict(scratch / "run", scratch / "data") == "none");
}

TEST_CASE("output_guard: an empty path is no output: it would be the current folder") {
  const std::vector<ctp::io::Input> inputs;
  CHECK_THROWS_WITH_AS(ctp::io::require_apart("--output", "", inputs),
                       "--output: expected a path, found nothing; is a variable empty?", ctp::UsageError);
}
