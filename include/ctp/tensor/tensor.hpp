/// @file   ctp/tensor/tensor.hpp
/// @brief  Tensor: a non-owning view of row-major memory of a backend.
/// @layer  tensor
#pragma once

#include <type_traits>

#include <ctp/core/shape.hpp>

namespace ctp {

/// @brief Non-owning view of row-major memory with a shape. A copy is a view of the same memory.
///
/// The rank is part of the type, so a matrix cannot be passed for a batch of images. The extents are not.
template <class T, std::size_t Rank, class Backend>
struct Tensor {
  T* data = nullptr;
  Shape<Rank> shape{};

  [[nodiscard]] constexpr Index size() const { return count(shape); }
  [[nodiscard]] constexpr explicit operator bool() const { return data != nullptr; }
  /// The same memory with other extents. **Errors.** ShapeError unless the number of elements stays.
  template <std::size_t NewRank>
  [[nodiscard]] Tensor<T, NewRank, Backend> reshaped(Shape<NewRank> to) const {
    require_shape(count(to) == size(), "reshaped", "tensor", shape, "new shape", to,
                  "the number of elements must stay");
    return {data, to};
  }
  /// Conversion of Tensor<T> to Tensor<const T>.
  template <class Const>
    requires(!std::is_const_v<T> && std::is_same_v<Const, const T>)
  constexpr operator Tensor<Const, Rank, Backend>() const  // NOLINT: as a pointer converts
  {
    return {data, shape};
  }
};

}  // namespace ctp
