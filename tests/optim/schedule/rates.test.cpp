#include <ctp/optim/schedule/rates.hpp>

#include <cstdint>

#include <doctest/doctest.h>

using ctp::optim::Rates;
using ctp::optim::with_warmup;

namespace {
/// Shows the two numbers that the schedule after warm-up is given.
constexpr auto shown = [](std::uint64_t step, std::uint64_t steps) { return static_cast<double>(1000 * step + steps); };
}  // namespace

TEST_CASE("rates: a rate is finite and 0 or more, else the message has rate, step and steps") {
  CHECK(ctp::optim::checked_rate(0, 0, 1) == 0);
  CHECK(ctp::optim::checked_rate(0.5, 3, 4) == 0.5);
  CHECK_THROWS_WITH_AS((void)ctp::optim::checked_rate(-0.5, 3, 4),
                       "schedule: expected a finite rate from 0, found -0.500000 at step 3 of 4; check the schedule's "
                       "divisions: a task may have a single step",
                       ctp::UsageError);
}

TEST_CASE("warm-up: the schedule that follows counts step and steps from its end") {
  CHECK(with_warmup(7, 20, {}, 5, shown) == 2015);
  CHECK(with_warmup(5, 20, {}, 5, shown) == 15);
  CHECK(with_warmup(7, 20, {}, 0, shown) == 7020);
}

TEST_CASE("warm-up: a task shorter than warm-up stops on the way to the rate") {
  const Rates rates{.rate = 1, .min_rate = 0};

  CHECK(with_warmup(0, 2, rates, 8, shown) == 0.125);
  CHECK(with_warmup(1, 2, rates, 8, shown) == 0.25);
}

TEST_CASE("warm-up: a negative number of steps is refused") {
  CHECK_THROWS_WITH_AS(static_cast<void>(with_warmup(0, 4, {}, -1, shown)),
                       "schedule.warmup_steps: expected 0 or more steps, found -1; 0 is no warm-up", ctp::UsageError);
}

TEST_CASE("warm-up: the schedule that follows has at least one step") {
  CHECK(with_warmup(4, 4, {}, 4, shown) == 1);
  CHECK(with_warmup(9, 2, {}, 8, shown) == 1001);
}

TEST_CASE("rates: warm-up takes the given steps or the given share of the task's steps, whichever is more") {
  CHECK(ctp::optim::warmup_of(0, 0, 100) == 0);
  CHECK(ctp::optim::warmup_of(7, 0, 100) == 7);
  CHECK(ctp::optim::warmup_of(-1, 0.5, 100) == -1);  // refused by with_warmup()
  CHECK(ctp::optim::warmup_of(7, 0.1, 100) == 10);
  CHECK(ctp::optim::warmup_of(7, 0.1, 30) == 7);
  CHECK(ctp::optim::warmup_of(0, 0.25, 10) == 3);  // 2.5, rounded
  CHECK_THROWS_AS(ctp::optim::warmup_of(0, 1.5, 10), ctp::UsageError);
}
