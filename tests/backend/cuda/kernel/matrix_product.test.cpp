#include <ctp/backend/cuda/kernel/matrix_product.hpp>

#include <doctest/doctest.h>

TEST_CASE("matrix_product: an operand knows whether its elements are stored rounded") {
  using Product = ctp::backend::cuda::MatrixProduct<float>;
  const float numbers[2] = {1, 2};
  Product product;
  CHECK(product.a.data == nullptr);
  CHECK_FALSE(product.a.packed);

  product.a = numbers;
  CHECK_FALSE(product.a.packed);
  CHECK(product.a.plain() == numbers);

  const auto* packed = reinterpret_cast<const ctp::backend::cuda::Packed*>(numbers);
  product.b = packed;
  CHECK(product.b.packed);
  CHECK(product.b.data == packed);
}

TEST_CASE("matrix_product: a result is put where it is stored, over what is there or added to it") {
  using namespace ctp::backend::cuda;
  float numbers[2] = {1, 2};
  MatrixProduct<float> plain, added, rounded;
  plain.put(numbers);
  CHECK((plain.d == numbers && plain.c == numbers && plain.packed_d == nullptr && plain.beta == 0));
  added.put(numbers, true);
  CHECK((added.d == numbers && added.c == numbers && added.beta == 1));
  auto* const packed = reinterpret_cast<Packed*>(numbers);
  rounded.put(kernel::Stored<float>(packed, true));
  CHECK((rounded.d == nullptr && rounded.c == nullptr && rounded.packed_d == packed && rounded.beta == 0));
  // Packed numbers that the precision does not round are Real.
  rounded.a = kernel::Stored<float>(packed, true);
  plain.a = kernel::Stored<float>(packed, false);
  CHECK((rounded.a.packed && !plain.a.packed && plain.a.plain() == numbers));
}
