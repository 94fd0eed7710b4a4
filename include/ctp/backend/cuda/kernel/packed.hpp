/// @file   ctp/backend/cuda/kernel/packed.hpp
/// @brief  Storage of operands of products: Real, or rounded to bfloat16 by the kernel that computes the operand.
/// @layer  backend
#pragma once

#include <cstdint>

#include <ctp/config.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::backend::cuda {

/// Element of an operand: Real or bfloat16, as Runtime::rounds_operands() says. Incomplete, used as a pointer only.
struct Packed;

namespace kernel {

/// x as bfloat16, ties to even, in the low 16 bits; NaN stays NaN.
CTP_HD inline std::uint32_t bfloat16_bits(float x) {
  if (x != x) return 0x7FC0U;  // rounding would carry a device's NaN, whose bits are all ones, into the sign
  const auto bits = __builtin_bit_cast(std::uint32_t, x);
  return (bits + 0x7FFFU + (bits >> 16U & 1U)) >> 16U;
}
/// The number with these bfloat16 bits.
CTP_HD inline float bfloat16_value(std::uint32_t bits) { return __builtin_bit_cast(float, bits << 16U); }

/// Four neighbours, which a thread loads or stores at once.
template <class T>
struct alignas(4 * sizeof(T)) Four {
  T at[4];
};

/// Pointer to numbers that are stored as Real or as bfloat16.
template <class Real>
class Stored {
 public:
  Stored() = default;
  CTP_HD Stored(Real* p) : p_(p) {}  // NOLINT: stored as Real
  CTP_HD Stored(Packed* p, bool rounded) : p_(p), rounded_(rounded) {}

  [[nodiscard]] CTP_HD explicit operator bool() const { return p_ != nullptr; }
  [[nodiscard]] CTP_HD Real operator[](Index i) const {
    return rounded_ ? static_cast<Real>(bfloat16_value(static_cast<const std::uint16_t*>(p_)[i]))
                    : static_cast<const Real*>(p_)[i];
  }
  /// True if set_four() may be used: the address is a multiple of four numbers.
  [[nodiscard]] bool has_fours() const {
    return reinterpret_cast<std::uintptr_t>(p_) % (4 * (rounded_ ? sizeof(std::uint16_t) : sizeof(Real))) == 0;
  }
  /// Sets the four numbers from 4 i on.
  CTP_HD void set_four(Index i, const Four<Real>& x) const {
    if (!rounded_) {
      static_cast<Four<Real>*>(p_)[i] = x;
      return;
    }
    Four<std::uint16_t> bits;
    CTP_UNROLL
    for (int k = 0; k < 4; ++k) bits.at[k] = static_cast<std::uint16_t>(bfloat16_bits(static_cast<float>(x.at[k])));
    static_cast<Four<std::uint16_t>*>(p_)[i] = bits;
  }
  CTP_HD void set(Index i, Real x) const {
    if (rounded_)
      static_cast<std::uint16_t*>(p_)[i] = static_cast<std::uint16_t>(bfloat16_bits(static_cast<float>(x)));
    else
      static_cast<Real*>(p_)[i] = x;
  }

 private:
  void* p_ = nullptr;
  bool rounded_ = false;
};

/// to[i] = from[i], converted to the storage of `to`.
template <class Real>
struct Pack {
  const Real* from;
  Stored<Real> to;
  CTP_HD void operator()(Index i) const { to.set(i, from[i]); }
};

}  // namespace kernel

/// Wraps a pointer to Real or Packed as kernel::Stored, with the runtime's rounding.
template <class Runtime, class Real>
kernel::Stored<Real> stored(Real* p) {
  return {p};
}
template <class Runtime, class Real>
kernel::Stored<Real> stored(Packed* p) {
  return {p, Runtime::rounds_operands()};
}
template <class Runtime, class Real>
kernel::Stored<Real> stored(const Packed* p) {
  return {const_cast<Packed*>(p), Runtime::rounds_operands()};
}
template <class Runtime, class Real>
kernel::Stored<Real> stored(const Real* p) {
  return {const_cast<Real*>(p)};
}

}  // namespace ctp::backend::cuda
