// --background and --max-pixels.
#include <string>

#include <doctest/doctest.h>

#include "data/temporary_folder.hpp"
#include "programs/program.hpp"

TEST_CASE("picture options: the largest picture and the background are settings that are checked") {
  const test::TemporaryFolder folder;
  const auto dry = [&](const std::string& option, const std::string& value) {
    return test::run_program("continual_pretrain", {"--data", test::small_stream(), "--output", folder.path("run"),
                                                    "--dry-run", "--batch-size", "4", option, value});
  };
  CHECK(dry("--background", "255").code == 0);
  CHECK(dry("--background", "none").code == 0);
  CHECK(dry("--background", "256").code == 2);
  CHECK(dry("--background", "white").code == 2);
  CHECK(dry("--max-pixels", "0").code == 2);
  const auto small = dry("--max-pixels", "10");
  CHECK(small.code == 3);
  CHECK(test::has(small.err, "image size: expected at most 10 pixels"));
}
