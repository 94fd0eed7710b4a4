#include <ctp/optim/cosine.hpp>

#include <doctest/doctest.h>

using ctp::optim::Cosine;

TEST_CASE("cosine: begins at the rate, is half-way in the middle, and ends at the least rate") {
  const Cosine cosine{.rate = 1e-3, .min_rate = 1e-5};

  CHECK(cosine(0, 100) == doctest::Approx(1e-3).epsilon(1e-12));
  CHECK(cosine(50, 100) == doctest::Approx((1e-3 + 1e-5) / 2).epsilon(1e-12));
  CHECK(cosine(100, 100) == doctest::Approx(1e-5).epsilon(1e-9));
}

TEST_CASE(
    "cosine: a third of the way has lost a quarter of the range, and the last step is still above the least rate") {
  const Cosine cosine{.rate = 1, .min_rate = 0};

  CHECK(cosine(1, 3) == doctest::Approx(0.75).epsilon(1e-12));  // (1 + cos 60 degrees) / 2
  CHECK(cosine(2, 3) == doctest::Approx(0.25).epsilon(1e-12));
  CHECK(cosine(0, 1) == 1);
}
