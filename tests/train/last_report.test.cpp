#include <ctp/train/last_report.hpp>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/train/state_archive.hpp>

TEST_CASE("last report: a copy with the losses by policy, which outlives the report") {
  ctp::LastReport last;
  CHECK(!last.there());
  {
    const std::vector<std::pair<const char*, double>> parts{{"a", 2}, {"b", 3}};
    last.note({.task = 1, .epoch = 2, .step = 3, .loss = 5, .parts = parts, .pairs = 4, .gradient_norm = 7});
  }
  CHECK(last.there());
  const ctp::StepReport report = last.report();
  CHECK(report.step == 3);
  CHECK(report.loss == 5);
  CHECK(report.gradient_norm == 7);
  REQUIRE(report.parts.size() == 2);
  CHECK(report.parts[1].first == std::string("b"));
  CHECK(report.parts[1].second == 3);
  last.clear();
  CHECK(!last.there());
  CHECK(last.report().parts.empty());
}

TEST_CASE("last report: a restored one has all numbers but the losses by policy") {
  ctp::LastReport last, restored;
  const std::vector<std::pair<const char*, double>> parts{{"a", 2}};
  last.note({.task = 1, .epoch = 2, .step = 3, .global_step = 13, .steps = 20, .rate = 0.5, .loss = 2, .parts = parts});
  ctp::StateArchive::of(last).restore(restored);
  CHECK(restored.there());
  const ctp::StepReport report = restored.report();
  CHECK(report.global_step == 13);
  CHECK(report.steps == 20);
  CHECK(report.rate == 0.5);
  CHECK(report.parts.empty());
  CHECK(std::isnan(report.gradient_norm));
  CHECK(ctp::StateArchive::of(last).changed_in(ctp::StateArchive::of(restored)).empty());
}
