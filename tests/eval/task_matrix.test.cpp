#include <ctp/eval/task_matrix.hpp>

#include <cstddef>
#include <limits>
#include <optional>

#include <doctest/doctest.h>

#include <ctp/train/state_archive.hpp>

using ctp::eval::TaskMatrix;

namespace {

/// Three tasks:  60  5  .     by rows the model after task 0, 1, 2
///               70 50  8
///               40 30 80
TaskMatrix three_tasks() {
  TaskMatrix m(3);
  m.set(0, 0, 60.0), m.set(0, 1, 5.0);
  m.set(1, 0, 70.0), m.set(1, 1, 50.0), m.set(1, 2, 8.0);
  m.set(2, 0, 40.0), m.set(2, 1, 30.0), m.set(2, 2, 80.0);
  return m;
}

}  // namespace

TEST_CASE("task matrix: average, forgetting and backward transfer agree with values worked out by hand") {
  const TaskMatrix m = three_tasks();

  CHECK(m.average().value() == doctest::Approx(50.0));
  CHECK(m.forgetting().value() == doctest::Approx(((70.0 - 40.0) + (50.0 - 30.0)) / 2));
  CHECK(m.backward_transfer().value() == doctest::Approx(((40.0 - 60.0) + (30.0 - 50.0)) / 2));
}

TEST_CASE("task matrix: forgetting is negative when the last task helps the earlier ones") {
  TaskMatrix m(2);
  m.set(0, 0, 10.0), m.set(1, 0, 25.0), m.set(1, 1, 40.0);

  CHECK(m.forgetting().value() == doctest::Approx(-15.0));  // the maximum leaves out the last row
  CHECK(m.backward_transfer().value() == doctest::Approx(15.0));
}

TEST_CASE("task matrix: forward transfer needs the untrained model") {
  TaskMatrix m = three_tasks();
  CHECK_FALSE(m.forward_transfer().has_value());

  m.set_untrained(1, 1.0);
  m.set_untrained(2, 2.0);

  CHECK(m.forward_transfer().value() == doctest::Approx(((5.0 - 1.0) + (8.0 - 2.0)) / 2));
}

TEST_CASE("task matrix: the published BWT sums the losses on unions and divides by the row") {
  TaskMatrix m(3);
  m.set_union(0, 0, 60.0), m.set_union(1, 1, 55.0), m.set_union(2, 2, 50.0);
  m.set_union(2, 0, 40.0), m.set_union(2, 1, 45.0);

  CHECK_FALSE(m.published_bwt(0).has_value());
  CHECK(m.published_bwt(1).value() == doctest::Approx(30.0));  // (20 + 10) / 1
  CHECK(m.published_bwt(2).value() == doctest::Approx(15.0));  // (20 + 10 + 0) / 2
  CHECK(m.published_bwt().value() == doctest::Approx(15.0));
}

TEST_CASE("task matrix: joint training has an average only") {
  TaskMatrix m(3);
  for (std::size_t j = 0; j < 3; ++j) m.set(2, j, 10.0 * static_cast<double>(j));

  CHECK(m.average().value() == doctest::Approx(10.0));
  CHECK_FALSE(m.forgetting().has_value());
  CHECK_FALSE(m.backward_transfer().has_value());
  CHECK_FALSE(m.forward_transfer().has_value());
  CHECK_FALSE(m.published_bwt().has_value());
}

TEST_CASE("task matrix: a single task has no forgetting and no transfer") {
  TaskMatrix m(1);
  CHECK_FALSE(m.average().has_value());
  m.set(0, 0, 42.0);
  m.set_union(0, 0, 42.0);
  m.set_untrained(0, 1.0);

  CHECK(m.average().value() == 42.0);
  CHECK_FALSE(m.forgetting().has_value());
  CHECK_FALSE(m.backward_transfer().has_value());
  CHECK_FALSE(m.forward_transfer().has_value());
  CHECK_FALSE(m.published_bwt().has_value());
}

TEST_CASE("task matrix: a missing entry empties exactly the results that need it") {
  TaskMatrix m(3);
  m.set(0, 0, 60.0), m.set(1, 1, 50.0);  // R[1][0] is missing
  m.set(2, 0, 40.0), m.set(2, 1, 30.0), m.set(2, 2, 80.0);

  CHECK_FALSE(m.at(1, 0).has_value());
  CHECK_FALSE(m.forgetting().has_value());
  CHECK(m.backward_transfer().value() == doctest::Approx(-20.0));
  CHECK(m.average().value() == doctest::Approx(50.0));
}

TEST_CASE("task matrix: unknown tasks and values that are not finite are refused") {
  TaskMatrix m(2);
  CHECK_THROWS_WITH_AS(m.set(0, 2, 1.0), "TaskMatrix::set: task: expected below 2, found 2; tasks are counted from 0",
                       ctp::UsageError);
  CHECK_THROWS_AS(m.set_union(2, 0, 1.0), ctp::UsageError);
  CHECK_THROWS_AS(m.set_untrained(2, 1.0), ctp::UsageError);
  CHECK_THROWS_AS(static_cast<void>(m.published_bwt(2)), ctp::UsageError);
  CHECK_THROWS_AS(m.set(0, 0, std::numeric_limits<double>::quiet_NaN()), ctp::NumericError);
  CHECK_THROWS_AS(TaskMatrix(0), ctp::UsageError);
}

TEST_CASE("task matrix: thousands of tasks take memory for their entries alone") {
  constexpr std::size_t tasks = 100'000;  // a full matrix would take 80 GB
  TaskMatrix m(tasks);
  for (std::size_t j = 0; j < tasks; ++j) m.set(tasks - 1, j, 1.0), m.set_union(tasks - 1, j, 2.0);
  m.set(70'000, 70'001, 3.0);

  CHECK(m.average().value() == doctest::Approx(1.0));
  CHECK(m.at(70'000, 70'001).value() == 3.0);
  CHECK_FALSE(m.at(70'000, 70'000).has_value());
  CHECK_FALSE(m.at(70'000, 70'002).has_value());
  CHECK_FALSE(m.forgetting().has_value());
}

TEST_CASE("task matrix: an archive takes all entries, and missing ones stay missing") {
  TaskMatrix whole = three_tasks();
  whole.set_union(0, 0, 1.0), whole.set_union(2, 1, 2.5), whole.set_untrained(1, 7.0);
  const auto saved = ctp::StateArchive::of(whole);
  TaskMatrix other(3);
  other.set_untrained(0, 3.0);
  saved.restore(other);
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j) CHECK(other.at(i, j) == whole.at(i, j));
  CHECK(other.untrained_at(0) == std::nullopt);
  CHECK(other.untrained_at(1).value() == 7.0);
  CHECK(other.forgetting() == whole.forgetting());
  CHECK(other.published_bwt(1) == whole.published_bwt(1));
  CHECK(ctp::StateArchive::of(other).changed_in(saved).empty());

  TaskMatrix two(2);
  CHECK_THROWS_AS(saved.restore(two), ctp::CheckpointError);
  CHECK(two.at(0, 0) == std::nullopt);
}
