#include <ctp/io/free_space.hpp>

#include <cerrno>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

/// A disk with so many bytes left, on which only the folder "there" exists.
class SmallDisk : public ctp::io::FileSystem {
 public:
  std::uint64_t left = 0, size = 0;
  std::vector<std::string> asked;

  int space(const char* path, std::uint64_t& free, std::uint64_t& all) override {
    asked.emplace_back(path);
    if (asked.back() != "there") {
      errno = ENOENT;
      return -1;
    }
    free = left;
    all = size;
    return 0;
  }
};

}  // namespace

TEST_CASE("free space: that of the nearest folder that exists") {
  SmallDisk disk;
  const ctp::io::UseFileSystem guard(disk);
  disk.left = 100;
  disk.size = 1000;
  CHECK(ctp::io::free_space("there/not/yet") == 100);
  CHECK(disk.asked == std::vector<std::string>{"there/not/yet", "there/not", "there"});
  CHECK_FALSE(ctp::io::free_space("elsewhere").has_value());
  disk.size = 0;  // a file system that does not tell
  CHECK_FALSE(ctp::io::free_space("there").has_value());
}

TEST_CASE("free space: too little is refused with both numbers; enough, just enough and an unknown amount pass") {
  SmallDisk disk;
  const ctp::io::UseFileSystem guard(disk);
  disk.left = std::uint64_t{5} << 20U;
  disk.size = disk.left;
  ctp::io::require_free_space("there", disk.left, "pictures");
  ctp::io::require_free_space("elsewhere", disk.left + 1, "pictures");
  try {
    ctp::io::require_free_space("there", (std::uint64_t{7} << 20U) + (1U << 19U), "pictures");
    FAIL("not refused");
  } catch (const ctp::ResourceError& error) {
    CHECK(std::string(error.what()) ==
          "there: free disk space: expected 7.5 MiB for pictures, found 5.0 MiB; free some space or write elsewhere");
  }
}

TEST_CASE("free space: the real file system answers") { CHECK(ctp::io::free_space("/").has_value()); }
