/// @file   ctp/tensor/tensor.hpp
/// @brief  A view of row-major memory of a backend.
/// @layer  tensor
#pragma once

#include <type_traits>

#include <ctp/core/shape.hpp>

namespace ctp {

/// @brief Row-major memory with extents. A view: copying it copies a pointer, nobody frees anything.
///
/// The rank is part of the type, so that a matrix cannot be passed for a batch of images; the extents are not.
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
  /// `rows` consecutive entries of the first extent from `begin` on.
  [[nodiscard]] Tensor slice(Index begin, Index rows) const {
    static_assert(Rank >= 1, "a scalar has no slices");
    Shape<Rank> to = shape;
    to[0] = rows;
    require_shape(begin >= 0 && rows >= 0 && begin + rows <= shape[0], "slice", "tensor", shape, "slice", to,
                  "a slice must lie within the first extent");
    return {data + begin * (shape[0] == 0 ? 0 : size() / shape[0]), to};
  }
  /// Whoever may write may also read.
  template <class Const>
    requires(!std::is_const_v<T> && std::is_same_v<Const, const T>)
  constexpr operator Tensor<Const, Rank, Backend>() const  // NOLINT: as a pointer converts
  {
    return {data, shape};
  }
};

}  // namespace ctp
