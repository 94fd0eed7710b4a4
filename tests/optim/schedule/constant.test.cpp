#include <ctp/optim/schedule/constant.hpp>

#include <doctest/doctest.h>

using ctp::optim::Constant;
using ctp::optim::Rates;

TEST_CASE("constant: every step has the rate, the last one too") {
  const Rates rates{.rate = 3e-4, .min_rate = 1e-6};

  CHECK(Constant{}.rate(0, 10, rates) == 3e-4);
  CHECK(Constant{}.rate(9, 10, rates) == 3e-4);
}

TEST_CASE("constant: warm-up rises linearly from rate / warmup to the rate") {
  const Constant constant{.warmup_steps = 2};
  const Rates rates{.rate = 8, .min_rate = 0};

  CHECK(constant.rate(0, 10, rates) == 4);
  CHECK(constant.rate(1, 10, rates) == 8);
  CHECK(constant.rate(2, 10, rates) == 8);
}

TEST_CASE("constant: warm-up may be a share of the task's steps") {
  const Rates rates{.rate = 8, .min_rate = 0};
  using S = ctp::optim::Constant;
  CHECK(S{.warmup_share = 0.25}.rate(0, 16, rates) == 2);
  for (std::uint64_t step = 0; step < 16; ++step)
    CHECK(S{.warmup_share = 0.25}.rate(step, 16, rates) == S{.warmup_steps = 4}.rate(step, 16, rates));
}
