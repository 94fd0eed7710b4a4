// Reads and writes of several neighbours, by hand.
#include <ctp/backend/cuda/kernel/wide_access.hpp>

#include <doctest/doctest.h>

namespace kernel = ctp::backend::cuda::kernel;

TEST_CASE("wide_access: neighbours keep their order") {
  alignas(16) float x[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  const auto quad = kernel::read_wide<kernel::Quad<float>>(x + 4);
  CHECK(quad.x[0] == 5);
  CHECK(quad.x[3] == 8);
  kernel::write_wide(x + 2, kernel::Pair<float>{{9, 10}});
  CHECK(x[1] == 2);
  CHECK(x[2] == 9);
  CHECK(x[3] == 10);
  CHECK(x[4] == 5);
}

TEST_CASE("wide_access: neighbours are added one by one") {
  kernel::Pair<float> sums{{1, 2}};
  sums += {{10, 20}};
  CHECK(sums.x[0] == 11);
  CHECK(sums.x[1] == 22);
}

TEST_CASE("wide_access: an access needs the alignment of its size") {
  alignas(16) float x[8] = {};
  CHECK(kernel::is_aligned<kernel::Quad<float>>(x));
  CHECK_FALSE(kernel::is_aligned<kernel::Quad<float>>(x + 2));
  CHECK(kernel::is_aligned<kernel::Pair<float>>(x + 2));
  CHECK_FALSE(kernel::is_aligned<kernel::Pair<float>>(x + 1));
}
