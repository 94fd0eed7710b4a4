/// @file   ctp/backend/cuda/kernel/packed.hpp
/// @brief  Operands of products as they lie in memory: as they are, or rounded to bfloat16 by whoever makes them.
/// @layer  backend
#pragma once

#include <cstdint>

#include <ctp/config.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::backend::cuda {

/// Stands for such numbers; which of the two forms they have, the runtime says.
struct Packed;

namespace kernel {

/// x as bfloat16, ties to even, in the low 16 bits; NaN stays NaN.
CTP_HD inline std::uint32_t bfloat16_bits(float x) {
  if (x != x) return 0x7FC0U;  // rounding would carry a device's NaN, all ones, into the sign
  const auto bits = __builtin_bit_cast(std::uint32_t, x);
  return (bits + 0x7FFFU + (bits >> 16U & 1U)) >> 16U;
}
/// The number that those bits are.
CTP_HD inline float bfloat16_value(std::uint32_t bits) { return __builtin_bit_cast(float, bits << 16U); }

/// Numbers that are read and written in either form.
template <class Real>
class Stored {
 public:
  Stored() = default;
  CTP_HD Stored(Real* p) : p_(p) {}  // NOLINT: as they are
  CTP_HD Stored(Packed* p, bool rounded) : p_(p), rounded_(rounded) {}

  [[nodiscard]] CTP_HD explicit operator bool() const { return p_ != nullptr; }
  [[nodiscard]] CTP_HD Real operator[](Index i) const {
    return rounded_ ? static_cast<Real>(bfloat16_value(static_cast<const std::uint16_t*>(p_)[i]))
                    : static_cast<const Real*>(p_)[i];
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

/// to[i] = from[i], in another form.
template <class Real>
struct Pack {
  const Real* from;
  Stored<Real> to;
  CTP_HD void operator()(Index i) const { to.set(i, from[i]); }
};

}  // namespace kernel

/// What a kernel is given for a pointer of either kind.
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
