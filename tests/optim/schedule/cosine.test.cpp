#include <ctp/optim/schedule/cosine.hpp>

#include <cmath>
#include <cstdint>
#include <initializer_list>

#include <doctest/doctest.h>

using ctp::optim::Cosine;
using ctp::optim::Rates;

TEST_CASE("cosine: begins at the rate, is half-way in the middle, and ends at the least rate") {
  const Rates rates{.rate = 1e-3, .min_rate = 1e-5};

  CHECK(Cosine{}.rate(0, 100, rates) == doctest::Approx(1e-3).epsilon(1e-12));
  CHECK(Cosine{}.rate(50, 100, rates) == doctest::Approx((1e-3 + 1e-5) / 2).epsilon(1e-12));
  CHECK(Cosine{}.rate(100, 100, rates) == doctest::Approx(1e-5).epsilon(1e-9));
}

TEST_CASE(
    "cosine: a third of the way has lost a quarter of the range, and the last step is still above the least rate") {
  const Rates rates{.rate = 1, .min_rate = 0};

  CHECK(Cosine{}.rate(1, 3, rates) == doctest::Approx(0.75).epsilon(1e-12));  // (1 + cos 60 degrees) / 2
  CHECK(Cosine{}.rate(2, 3, rates) == doctest::Approx(0.25).epsilon(1e-12));
  CHECK(Cosine{}.rate(0, 1, rates) == 1);
}

TEST_CASE("cosine: without warm-up it has the bits of the published expression") {
  const Rates rates{.rate = 1e-4, .min_rate = 1e-6};
  for (const std::uint64_t total : {1U, 7U, 1000U, 12345U})
    for (std::uint64_t step = 0; step < total; step += 1 + total / 50)
      REQUIRE(Cosine{}.rate(step, total, rates) ==
              1e-6 +
                  0.5 * (1e-4 - 1e-6) *
                      (1 + std::cos(3.14159265358979323846 * static_cast<double>(step) / static_cast<double>(total))));
}

TEST_CASE("cosine: warm-up rises linearly from rate / warmup to the rate, then the cosine takes the remaining steps") {
  const Cosine cosine{.warmup_steps = 4};
  const Rates rates{.rate = 2, .min_rate = 0};

  CHECK(cosine.rate(0, 10, rates) == 0.5);
  CHECK(cosine.rate(1, 10, rates) == 1);
  CHECK(cosine.rate(2, 10, rates) == 1.5);
  CHECK(cosine.rate(3, 10, rates) == 2);
  CHECK(cosine.rate(4, 10, rates) == 2);
  CHECK(cosine.rate(6, 10, rates) == doctest::Approx(1.5).epsilon(1e-12));  // 2 of 6 steps: 1 + cos 60 degrees
  CHECK(cosine.rate(7, 10, rates) == doctest::Approx(1).epsilon(1e-12));
}

TEST_CASE("cosine: warm-up may be a share of the task's steps") {
  const Rates rates{.rate = 8, .min_rate = 0};
  using S = ctp::optim::Cosine;
  CHECK(S{.warmup_share = 0.25}.rate(0, 16, rates) == 2);
  for (std::uint64_t step = 0; step < 16; ++step)
    CHECK(S{.warmup_share = 0.25}.rate(step, 16, rates) == S{.warmup_steps = 4}.rate(step, 16, rates));
}
