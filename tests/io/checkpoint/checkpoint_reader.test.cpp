#include <ctp/io/checkpoint/checkpoint_reader.hpp>

#include <sys/stat.h>

#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <io/checkpoint/saved.hpp>
#include <io/scratch.hpp>

namespace fs = std::filesystem;
namespace io = ctp::io;

namespace {
/// Two checkpoints, of steps 10 and 20, of which the newer one is damaged.
struct Damaged {
  Scratch scratch;
  std::string folder = scratch / "checkpoints", newer = folder + "/step-000000000020",
              part = newer + "/part-000.safetensors", manifest = newer + "/manifest.json";

  Damaged() {
    io::CheckpointFolder saved(folder);
    save(saved, 10);
    save(saved, 20);
  }
  /// Why the newer one was passed over; "none" if it was not.
  [[nodiscard]] std::string reason() const {
    std::vector<io::PassedOver> passed_over;
    const long found = newest_step(folder, &passed_over);
    if (found == 20 && passed_over.empty()) return "none";
    CHECK(found == 10);
    REQUIRE(passed_over.size() == 1);
    CHECK(passed_over[0].path == newer);
    return passed_over[0].reason;
  }
};
}  // namespace

TEST_CASE("checkpoint_reader: a part that is cut at any length is found, and the checkpoint before is used") {
  const Damaged checkpoints;
  CHECK(checkpoints.reason() == "none");
  const std::string whole = get(checkpoints.part);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    put(checkpoints.part, whole.substr(0, length));
    CHECK(checkpoints.reason() == checkpoints.part + ": size: expected " + std::to_string(whole.size()) +
                                      " bytes, found " + std::to_string(length) + " bytes");
  }
  put(checkpoints.part, whole + " ");
  CHECK(checkpoints.reason().find("found " + std::to_string(whole.size() + 1)) != std::string::npos);
  put(checkpoints.part, whole);
  CHECK(checkpoints.reason() == "none");
}

TEST_CASE("checkpoint_reader: 10,000 flipped bits, one at a time, and zeroed bytes of a part are found") {
  const Damaged checkpoints;
  const std::string whole = get(checkpoints.part);
  std::mt19937 random(1);
  std::uniform_int_distribution<std::size_t> bits(0, 8 * whole.size() - 1);
  for (int flipped = 0; flipped < 10000; ++flipped) {
    const std::size_t i = bits(random);
    CAPTURE(i);
    std::string damaged = whole;
    damaged[i / 8] = static_cast<char>(damaged[i / 8] ^ (1 << (i % 8)));
    put(checkpoints.part, damaged);
    if (checkpoints.reason().find(": xxh3_128: expected ") == std::string::npos) FAIL_CHECK("bit not found");
  }
  put(checkpoints.part, std::string(whole.size(), '\0'));
  CHECK(checkpoints.reason().find(": xxh3_128: expected ") != std::string::npos);
}

TEST_CASE("checkpoint_reader: missing, renamed and replaced files are refused by name; nothing outside is read") {
  const auto reason = [](const auto& damage) {
    Damaged checkpoints;
    damage(checkpoints);
    const std::string text = checkpoints.reason();
    CHECK(text.find(checkpoints.newer) != std::string::npos);
    return text;
  };
  CHECK(reason([](Damaged& d) { fs::remove(d.part); }).find("No such file") != std::string::npos);
  CHECK(reason([](Damaged& d) { fs::remove(d.manifest); }).find("No such file") != std::string::npos);
  CHECK(reason([](Damaged& d) { fs::rename(d.part, d.newer + "/part-001.safetensors"); }).find("part-000") !=
        std::string::npos);
  for (const bool of_part : {true, false}) {
    const auto path = [=](Damaged& d) { return of_part ? d.part : d.manifest; };
    CHECK(reason([&](Damaged& d) {
            fs::rename(path(d), d.scratch / "outside");
            fs::create_symlink(d.scratch / "outside", path(d));
          }).find("a symbolic link") != std::string::npos);
    CHECK(reason([&](Damaged& d) {
            fs::remove(path(d));
            fs::create_directory(path(d));
          }).find("a directory") != std::string::npos);
    CHECK(reason([&](Damaged& d) {
            fs::remove(path(d));
            REQUIRE(::mkfifo(path(d).c_str(), 0600) == 0);
          }).find("a device or a pipe") != std::string::npos);
  }
  CHECK(reason([](Damaged& d) {
          fs::rename(d.newer, d.scratch / "outside");
          fs::create_directory_symlink(d.scratch / "outside", d.newer);
        }).find("a symbolic link") != std::string::npos);
  // A checkpoint under the name of another step.
  CHECK(reason([](Damaged& d) {
          fs::remove_all(d.newer);
          fs::copy(d.folder + "/step-000000000010", d.newer);
        }).find("step: expected 20, as the name of the folder says, found 10") != std::string::npos);
  CHECK(reason([](Damaged& d) {
          fs::remove_all(d.newer);
          put(d.newer, "a file");
        }).find("Not a directory") != std::string::npos);
}

TEST_CASE("checkpoint_reader: a foreign file beside the parts does not spoil a checkpoint") {
  const Damaged checkpoints;
  put(checkpoints.newer + "/notes.txt", "x");
  CHECK(checkpoints.reason() == "none");
  CHECK(io::looks_complete(checkpoints.newer));
  fs::resize_file(checkpoints.part, 10);
  CHECK_FALSE(io::looks_complete(checkpoints.newer));
}
