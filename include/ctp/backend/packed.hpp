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

/// @brief Element type of an operand and of its gradient: `B::Packed`, an incomplete type, if the backend has one, else
/// its Real.
///
/// A backend with a Packed also has `packed_bytes(n)` and `pack(n, x, to)`, and accepts `Packed*` in place of `Real*`
/// - for values: y of patches(), x, y (without residual) and the activated output of linear(), y of layer_norm(), q, k,
///   v and o of attention(), where q, k and v of heads 32 or 64 wide lie at, and their rows apart by, multiples of 16
///   bytes;
/// - for the gradients of such values: dy, and dx where it is overwritten, of linear_backward(); dy of
///   layer_norm_backward(); d_o, and dq, dk and dv where they are overwritten, of attention_backward(). `before` of
///   linear_backward() is Packed if y of linear() was.
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

/// @brief x [n] in packed form: x itself if the packed form is that of Real, else a copy at the memory that
/// `allocate(bytes)` returns.
template <class B, class Allocate>
Packed<B>* pack(Index n, typename B::Real* x, const Allocate& allocate) {
  if constexpr (requires { typename B::Packed; }) {
    const std::size_t bytes = packed_bytes<B>(n);
    if (bytes != static_cast<std::size_t>(n) * sizeof(typename B::Real)) {
      auto* to = reinterpret_cast<Packed<B>*>(allocate(bytes));
      B::pack(n, x, to);
      return to;
    }
    return reinterpret_cast<Packed<B>*>(x);
  } else {
    return x;
  }
}

}  // namespace ctp::backend
