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
