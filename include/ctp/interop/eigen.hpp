/// @file   ctp/interop/eigen.hpp
/// @brief  Views of tensors in host memory as Eigen::Map.
/// @layer  interop
#pragma once

#include <Eigen/Core>
#include <type_traits>

#include <ctp/interop/span.hpp>
#include <ctp/tensor/tensor.hpp>

namespace ctp::interop {

namespace detail {
/// Eigen's type of a vector or of a row-major matrix, const where T is.
template <class T, int Columns>
using EigenOf =
    std::conditional_t<std::is_const_v<T>,
                       const Eigen::Matrix<std::remove_const_t<T>, Eigen::Dynamic, Columns,
                                           Columns == 1 ? Eigen::ColMajor : Eigen::RowMajor>,
                       Eigen::Matrix<T, Eigen::Dynamic, Columns, Columns == 1 ? Eigen::ColMajor : Eigen::RowMajor>>;
}  // namespace detail

/// @brief A matrix, or a vector, as Eigen::Map. No copy: the map is valid as long as the tensor's memory.
///
/// **Shapes.** [rows,columns] -> a row-major matrix; [n] -> a column vector.
template <class T, class B>
Eigen::Map<detail::EigenOf<T, Eigen::Dynamic>> as_eigen(const Tensor<T, 2, B>& tensor) {
  static_assert(require_host_memory<B>());
  return {tensor.data, tensor.shape[0], tensor.shape[1]};
}
template <class T, class B>
Eigen::Map<detail::EigenOf<T, 1>> as_eigen(const Tensor<T, 1, B>& tensor) {
  static_assert(require_host_memory<B>());
  return {tensor.data, tensor.shape[0]};
}

}  // namespace ctp::interop
