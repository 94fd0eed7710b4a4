#include <ctp/core/rounded_product.hpp>

#include <doctest/doctest.h>

TEST_CASE("rounded_product: the product is rounded before the sum, where a fused multiply-add would keep 2^-60") {
  const double tiny = 1.0 / (1 << 30);
  CHECK(ctp::rounded_product(1.0 + tiny, 1.0 - tiny) - 1.0 == 0.0);
}
