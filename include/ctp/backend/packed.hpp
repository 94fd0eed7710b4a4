/// @file   ctp/backend/packed.hpp
/// @brief  Numbers that only matrix products read, in the form a backend wants them in.
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

/// @brief What stands for such a number: `B::Packed`, a type of no size, where a backend has one, else its Real.
///
/// A backend with a Packed also has `packed_bytes(n)`, and takes and gives `Packed*` in place of `Real*` wherever an
/// operand of a product is made for nothing but that product: x of linear(), y of layer_norm(), o of attention() and
/// the activated output of linear().
template <class B>
using Packed = typename detail::PackedOf<B>::type;

/// Bytes that n of them take.
template <class B>
std::size_t packed_bytes(Index n) {
  if constexpr (requires { B::packed_bytes(n); })
    return B::packed_bytes(n);
  else
    return static_cast<std::size_t>(n) * sizeof(typename B::Real);
}

}  // namespace ctp::backend
