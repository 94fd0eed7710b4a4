#include <ctp/optim/schedule/warmup_hold_decay.hpp>

#include <initializer_list>
#include <limits>

#include <doctest/doctest.h>

using ctp::optim::Rates;
using ctp::optim::WarmupHoldDecay;

TEST_CASE("warm-up, hold, decay: rises over the first steps, holds the rate, falls over the last share") {
  const WarmupHoldDecay schedule{.warmup_steps = 2, .decay_share = 0.4};
  const Rates rates{.rate = 8, .min_rate = 4};

  CHECK(schedule.rate(0, 10, rates) == 4);
  CHECK(schedule.rate(1, 10, rates) == 8);
  CHECK(schedule.rate(2, 10, rates) == 8);
  CHECK(schedule.rate(5, 10, rates) == 8);
  CHECK(schedule.rate(6, 10, rates) == 8);  // the first of 4 steps of decay
  CHECK(schedule.rate(7, 10, rates) == 7);
  CHECK(schedule.rate(9, 10, rates) == 5);
  CHECK(schedule.rate(10, 10, rates) == 4);
  CHECK(schedule.rate(12, 10, rates) == 4);
}

TEST_CASE("warm-up, hold, decay: a fifth of a task decays unless another share is set") {
  const Rates rates{.rate = 1, .min_rate = 0};

  CHECK(WarmupHoldDecay{}.rate(80, 100, rates) == 1);
  CHECK(WarmupHoldDecay{}.rate(90, 100, rates) == 0.5);
  const WarmupHoldDecay share{.decay_share = 0.29};  // 0.29 * 100 is below 29 in double
  CHECK(share.rate(71, 100, rates) == 1);
  CHECK(share.rate(72, 100, rates) == doctest::Approx(28.0 / 29));
}

TEST_CASE("warm-up, hold, decay: with a share of one the decay begins when warm-up ends; with none there is no decay") {
  const Rates rates{.rate = 8, .min_rate = 0};

  const WarmupHoldDecay all{.warmup_steps = 4, .decay_share = 1};
  CHECK(all.rate(3, 8, rates) == 8);
  CHECK(all.rate(4, 8, rates) == 8);
  CHECK(all.rate(5, 8, rates) == 6);
  const WarmupHoldDecay none{.decay_share = 0};
  CHECK(none.rate(7, 8, rates) == 8);
  CHECK(none.rate(8, 8, rates) == 8);
}

TEST_CASE("warm-up, hold, decay: a share that is none is refused") {
  for (const double share : {-0.1, 1.5, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_WITH_AS(static_cast<void>(WarmupHoldDecay{.decay_share = share}.rate(0, 10, {})),
                         doctest::Contains("schedule.decay_share: expected a share from 0 to 1, found"),
                         ctp::UsageError);
}

TEST_CASE("warmup_hold_decay: warm-up may be a share of the task's steps") {
  const Rates rates{.rate = 8, .min_rate = 0};
  using S = ctp::optim::WarmupHoldDecay;
  CHECK(S{.warmup_share = 0.25}.rate(0, 16, rates) == 2);
  for (std::uint64_t step = 0; step < 16; ++step)
    CHECK(S{.warmup_share = 0.25}.rate(step, 16, rates) == S{.warmup_steps = 4}.rate(step, 16, rates));
}
