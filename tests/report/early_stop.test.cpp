#include <ctp/report/early_stop.hpp>

#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/train/state_archive.hpp>

using ctp::report::EarlyStop;

namespace {

/// Epochs until the observer ends a task of these losses, one list for each epoch; 0 if it never does.
std::size_t ends_after(EarlyStop& stop, const std::vector<std::vector<double>>& epochs) {
  stop.task_begins(0, "t", 0);
  ctp::StepReport report;
  for (std::size_t e = 0; e < epochs.size(); ++e) {
    for (const double loss : epochs[e]) {
      report.loss = loss;
      stop.step_done(report);
    }
    if (stop.ends_task(report)) return e + 1;
  }
  return 0;
}

}  // namespace

TEST_CASE("early_stop: a task ends after 'patience' epochs whose mean loss is no lower than the lowest") {
  EarlyStop stop(2);
  // Means 4, 3, 3, 2, 2.5, 2: the fifth and the sixth have no gain.
  CHECK(ends_after(stop, {{5, 3}, {3, 3}, {1, 5}, {2, 2}, {2, 3}, {4, 0}, {0, 0}}) == 6);
  CHECK(stop.lowest() == 2);
}

TEST_CASE("early_stop: gains of at most 'least_gain' do not count alone, but add up") {
  EarlyStop two(2, 0.5);
  CHECK(ends_after(two, {{4}, {3.75}, {3.5}, {3}}) == 3);
  EarlyStop three(3, 0.5);
  CHECK(ends_after(three, {{4}, {3.75}, {3.5}, {3.25}, {3.25}, {3.25}, {3.25}}) == 7);
}

TEST_CASE("early_stop: a new task starts without a memory of the one before") {
  EarlyStop stop(1);
  CHECK(ends_after(stop, {{1}, {2}}) == 2);
  CHECK(ends_after(stop, {{9}, {8}, {7}}) == 0);
}

TEST_CASE("early_stop: a task that goes on from a saved state ends at the same epoch") {
  const std::vector<double> losses{4, 3, 3.5, 3.25, 3};
  for (std::size_t saved_after = 0; saved_after < 4; ++saved_after) {
    CAPTURE(saved_after);
    EarlyStop stop(2), rest(2);
    stop.task_begins(0, "t", 0);
    ctp::StepReport report;
    const auto epoch = [&](EarlyStop& of, std::size_t e) {
      report.loss = losses[e];
      of.step_done(report);
      return of.ends_task(report);
    };
    for (std::size_t e = 0; e < saved_after; ++e) REQUIRE_FALSE(epoch(stop, e));
    ctp::StateArchive::of(stop).restore(rest);
    rest.task_resumes(0, "t", 0);
    std::size_t e = saved_after;
    while (!epoch(rest, e)) ++e;
    CHECK(e == 3);
  }
}

TEST_CASE("early_stop: a patience below one epoch and a negative gain are refused") {
  CHECK_THROWS_AS(EarlyStop(0), ctp::UsageError);
  CHECK_THROWS_AS(EarlyStop(1, -0.1), ctp::UsageError);
}
