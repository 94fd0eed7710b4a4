/// @file   ctp/backend/packed.hpp
/// @brief  The storage type of operands of matrix products.
/// @layer  backend
#pragma once

#include <cstddef>

#include <ctp/core/shape.hpp>

namespace ctp::backend {

namespace detail {
template <class B>
struct PackedOf {
  using type = typename B::Real;
};
template <class B>
  requires requires { typename B::Packed; }
struct PackedOf<B> {
  using type = typename B::Packed;
};
}  // namespace detail

/// @brief Element type of an operand that only matrix products read: `B::Packed`, an incomplete type, if the backend
/// has one, else its Real.
///
/// A backend with a Packed also has `packed_bytes(n)`, and accepts `Packed*` in place of `Real*` for the operands that
/// only a product reads: x of linear(), y of layer_norm(), o of attention() and the activated output of linear().
template <class B>
using Packed = typename detail::PackedOf<B>::type;

/// Size in bytes of n packed elements.
template <class B>
std::size_t packed_bytes(Index n) {
  if constexpr (requires { B::packed_bytes(n); })
    return B::packed_bytes(n);
  else
    return static_cast<std::size_t>(n) * sizeof(typename B::Real);
}

}  // namespace ctp::backend
