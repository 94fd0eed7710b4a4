// Results of products without terms and of products without their bias, by hand, stored as they are or rounded.
#include <ctp/backend/cuda/kernel/product_passes.hpp>

#include <cstdint>

#include <doctest/doctest.h>

namespace kernel = ctp::backend::cuda::kernel;
using ctp::Index;
using ctp::backend::cuda::Packed;

TEST_CASE("product_passes: without terms, the result is what is added to it") {
  const float c[6] = {1, 2, 3, 4, 5, 6}, bias[3] = {10, 20, 30};
  float d[6] = {-1, -1, -1, -1, -1, -1};
  for (Index i = 0; i < 6; ++i) kernel::WithoutTerms{3, 2, c, bias, d}(i);
  CHECK(d[0] == 12);
  CHECK(d[4] == 30);
  for (Index i = 0; i < 6; ++i) kernel::WithoutTerms{3, 0, nullptr, nullptr, d}(i);
  CHECK(d[4] == 0);
}

TEST_CASE("product_passes: the bias of a column is added in each row") {
  const float bias[3] = {10, 20, 30};
  float d[6] = {1, 2, 3, 4, 5, 6};
  for (Index i = 0; i < 6; ++i) kernel::AddBias{3, bias, d}(i);
  CHECK(d[2] == 33);
  CHECK(d[3] == 14);
  std::uint16_t halves[3] = {0x3F80, 0x4000, 0x4040};  // 1, 2, 3 in bfloat16
  const kernel::Stored<float> rounded(reinterpret_cast<Packed*>(halves), true);
  for (Index i = 0; i < 3; ++i) kernel::AddBias{3, bias, rounded}(i);
  CHECK(rounded[0] == 11);
  CHECK(rounded[2] == 33);
}
