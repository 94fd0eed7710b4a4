#include <doctest/doctest.h>

#include <type_traits>
#include <utility>
#include <vector>

#include <ctp/backend/cpu/backend.hpp>
#include <ctp/interop/eigen.hpp>
#include <ctp/tensor/buffer.hpp>

TEST_CASE("eigen: a map has the rows and columns of the tensor, and writes into its memory") {
  ctp::Buffer<float, ctp::Cpu> buffer(6);
  buffer.assign(std::vector<float>{1, 2, 3, 4, 5, 6});
  const auto tensor = buffer.view(ctp::Shape<2>{2, 3});
  auto map = ctp::interop::as_eigen(tensor);
  CHECK(map.rows() == 2);
  CHECK(map.cols() == 3);
  CHECK(map(0, 2) == 3);
  CHECK(map(1, 0) == 4);
  CHECK(map.data() == tensor.data);
  map(1, 2) = 60;
  CHECK(buffer.to_host() == std::vector<float>{1, 2, 3, 4, 5, 60});
  const Eigen::MatrixXf product = map * map.transpose();
  CHECK(product(0, 1) == 4 + 10 + 180);
}

TEST_CASE("eigen: a vector is a column, and a tensor of constants gives a map of constants") {
  ctp::Buffer<double, ctp::BasicCpu<double>> buffer(3);
  buffer.assign(std::vector<double>{3, 0, 4});
  const ctp::Tensor<const double, 1, ctp::BasicCpu<double>> tensor{std::as_const(buffer).data(), {3}};
  const auto map = ctp::interop::as_eigen(tensor);
  CHECK(map.rows() == 3);
  CHECK(map.cols() == 1);
  CHECK(map.norm() == 5);
  static_assert(std::is_same_v<decltype(ctp::interop::as_eigen(tensor)), Eigen::Map<const Eigen::VectorXd>>);
}
