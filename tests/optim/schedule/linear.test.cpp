#include <ctp/optim/schedule/linear.hpp>

#include <doctest/doctest.h>

using ctp::optim::Linear;
using ctp::optim::Rates;

TEST_CASE("linear: falls by the same amount at every step, to the least rate after the last") {
  const Rates rates{.rate = 9, .min_rate = 1};

  CHECK(Linear{}.rate(0, 4, rates) == 9);
  CHECK(Linear{}.rate(1, 4, rates) == 7);
  CHECK(Linear{}.rate(3, 4, rates) == 3);
  CHECK(Linear{}.rate(4, 4, rates) == 1);
  CHECK(Linear{}.rate(6, 4, rates) == 1);
}

TEST_CASE("linear: warm-up rises linearly from rate / warmup to the rate, then the line takes the remaining steps") {
  const Linear linear{.warmup_steps = 4};
  const Rates rates{.rate = 8, .min_rate = 0};

  CHECK(linear.rate(0, 8, rates) == 2);
  CHECK(linear.rate(3, 8, rates) == 8);
  CHECK(linear.rate(4, 8, rates) == 8);
  CHECK(linear.rate(5, 8, rates) == 6);
  CHECK(linear.rate(7, 8, rates) == 2);
}

TEST_CASE("linear: warm-up may be a share of the task's steps") {
  const Rates rates{.rate = 8, .min_rate = 0};
  using S = ctp::optim::Linear;
  CHECK(S{.warmup_share = 0.25}.rate(0, 16, rates) == 2);
  for (std::uint64_t step = 0; step < 16; ++step)
    CHECK(S{.warmup_share = 0.25}.rate(step, 16, rates) == S{.warmup_steps = 4}.rate(step, 16, rates));
}
