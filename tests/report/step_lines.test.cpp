#include <ctp/report/step_lines.hpp>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace {

/// The steps of a task of five steps that reach the sink.
std::vector<nlohmann::json> lines_of(int every) {
  std::vector<nlohmann::json> lines;
  ctp::report::StepLines observer(
      [&](const ctp::JsonLine& line) { lines.push_back(nlohmann::json::parse(line.text())); }, every);
  const std::array<std::pair<const char*, double>, 2> parts{{{"contrast", 0.25}, {"language", 0.5}}};
  observer.task_begins(1, "toys", 5);
  for (std::uint64_t step = 0; step < 5; ++step) {
    observer.step_done({.task = 1,
                        .epoch = 2,
                        .step = step,
                        .global_step = 10 + step,
                        .steps = 5,
                        .rate = 0.125,
                        .loss = 0.75,
                        .parts = parts,
                        .pairs = 4});
  }
  return lines;
}

}  // namespace

TEST_CASE("step_lines: every n-th step from the first, and the last") {
  const auto lines = lines_of(2);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0]["step"] == 0);
  CHECK(lines[1]["step"] == 2);
  CHECK(lines[2]["step"] == 4);
  CHECK(lines_of(3).size() == 3);  // 0, 3 and the last, 4
}

TEST_CASE("step_lines: a line has the place in the run, the rate, the losses and the throughput") {
  const nlohmann::json line = lines_of(1).at(3);
  CHECK(line["kind"] == "step");
  CHECK(line["task"] == 1);
  CHECK(line["epoch"] == 2);
  CHECK(line["step"] == 3);
  CHECK(line["global_step"] == 13);
  CHECK(line["lr"] == 0.125);
  CHECK(line["loss"] == 0.75);
  CHECK(line["parts"] == nlohmann::json{{"contrast", 0.25}, {"language", 0.5}});
  CHECK(line["pairs_per_second"] >= 0);
}
