/// @file   ctp/backend/cuda/kernel/packed.hpp
/// @brief  Storage of operands of products: Real, or rounded to bfloat16 by the kernel that computes the operand.
/// @layer  backend
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <ctp/backend/cuda/kernel/wide_access.hpp>
#include <ctp/config.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::backend::cuda {

/// Element of an operand: Real or bfloat16, as Runtime::rounds_operands() says. Incomplete, used as a pointer only.
struct Packed;

namespace kernel {

/// x as bfloat16, ties to even, in the low 16 bits; NaN stays NaN.
CTP_HD inline std::uint32_t bfloat16_bits(float x) {
#if defined(__CUDA_ARCH__)
  std::uint16_t rounded;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(rounded) : "f"(x));
  return rounded;
#else
  if (x != x) return 0x7FC0U;  // rounding would carry a NaN whose bits are all ones into the sign
  const auto bits = __builtin_bit_cast(std::uint32_t, x);
  return (bits + 0x7FFFU + (bits >> 16U & 1U)) >> 16U;
#endif
}
/// Two neighbours as bfloat16 in one word, the first in the low half.
CTP_HD inline std::uint32_t bfloat16_pair(float first, float second) {
#if defined(__CUDA_ARCH__)
  std::uint32_t word;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(second), "f"(first));
  return word;
#else
  return bfloat16_bits(first) | bfloat16_bits(second) << 16U;
#endif
}
/// The number with these bfloat16 bits.
CTP_HD inline float bfloat16_value(std::uint32_t bits) { return __builtin_bit_cast(float, bits << 16U); }

/// A number as bfloat16 in memory.
struct Bfloat16 {
  std::uint16_t bits;
  CTP_HD operator float() const { return bfloat16_value(bits); }  // NOLINT: exact
};
/// Four neighbours as they lie in memory. `Number`: Real or Bfloat16.
template <class Number>
using StoredFour = std::conditional_t<std::is_same_v<Number, Bfloat16>, Pair<std::uint32_t>, Quad<Number>>;

/// The four numbers of a StoredFour.
template <class Real, class Four>
CTP_HD Quad<Real> numbers_of(const Four& four) {
  if constexpr (std::is_same_v<Four, StoredFour<Bfloat16>>) {
    const auto low = [&](int k) { return static_cast<Real>(bfloat16_value(four.x[k])); };
    const auto high = [&](int k) { return static_cast<Real>(__builtin_bit_cast(float, four.x[k] & 0xFFFF0000U)); };
    return {{low(0), high(0), low(1), high(1)}};
  } else {
    return four;
  }
}
/// The four numbers at `p`, which is aligned for them, by one access. `Number`: Real or Bfloat16.
template <class Real, class Number>
CTP_HD Quad<Real> read_four(const Number* p) {
  return numbers_of<Real>(read_wide<StoredFour<Number>>(p));
}

/// Pointer to numbers that are stored as Real or as bfloat16.
template <class Real>
class Stored {
 public:
  Stored() = default;
  CTP_HD Stored(Real* p) : p_(p) {}  // NOLINT: stored as Real
  CTP_HD Stored(Packed* p, bool rounded) : p_(p), rounded_(rounded) {}

  [[nodiscard]] CTP_HD explicit operator bool() const { return p_ != nullptr; }
  [[nodiscard]] CTP_HD bool rounded() const { return rounded_; }
  /// The address of the numbers, whose type the caller knows by rounded().
  template <class Number>
  [[nodiscard]] CTP_HD Number* as() const {
    return static_cast<Number*>(p_);
  }
  /// Calls use(p) with the address as `const Real*` or `const Bfloat16*`, for kernels with a form for each.
  template <class Use>
  void visit(const Use& use) const {
    if (rounded_)
      use(as<const Bfloat16>());
    else
      use(as<const Real>());
  }
  /// Bytes of one number.
  [[nodiscard]] CTP_HD int number_bytes() const { return rounded_ ? 2 : static_cast<int>(sizeof(Real)); }
  [[nodiscard]] CTP_HD Real operator[](Index i) const {
    return rounded_ ? static_cast<Real>(bfloat16_value(static_cast<const std::uint16_t*>(p_)[i]))
                    : static_cast<const Real*>(p_)[i];
  }
  /// True if set_four() may be used: the address is a multiple of four numbers.
  [[nodiscard]] CTP_HD bool has_fours() const {
    return rounded_ ? is_aligned<Quad<std::uint16_t>>(p_) : is_aligned<Quad<Real>>(p_);
  }
  /// Sets the four numbers from i on. `i` is a multiple of four.
  CTP_HD void set_four(Index i, const Quad<Real>& q) const {
    if (!rounded_) {
      write_wide(static_cast<Real*>(p_) + i, q);
      return;
    }
    const auto pair = [&](int k) { return bfloat16_pair(static_cast<float>(q.x[k]), static_cast<float>(q.x[k + 1])); };
    write_wide(static_cast<std::uint16_t*>(p_) + i, Pair<std::uint32_t>{{pair(0), pair(2)}});
  }
  CTP_HD void set(Index i, Real x) const {
    if (rounded_)
      static_cast<std::uint16_t*>(p_)[i] = static_cast<std::uint16_t>(bfloat16_bits(static_cast<float>(x)));
    else
      static_cast<Real*>(p_)[i] = x;
  }
  /// Sets elements i and i + 1 by one store. `i` is even, and the memory is aligned to two elements.
  CTP_HD void set_pair(Index i, Real first, Real second) const {
    if (rounded_)
      write_wide(static_cast<std::uint16_t*>(p_) + i,
                 bfloat16_pair(static_cast<float>(first), static_cast<float>(second)));
    else
      write_wide(static_cast<Real*>(p_) + i, Pair<Real>{{first, second}});
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

/// Copies element i of rows of `columns` numbers, converted to the storage of `to`. Rows of `from` lie `stride` apart,
/// those of `to` `to_stride`.
template <class Real>
struct PackRows {
  Index columns, stride, to_stride;
  const Real* from;
  Stored<Real> to;
  CTP_HD void operator()(Index i) const {
    to.set(i / columns * to_stride + i % columns, from[i / columns * stride + i % columns]);
  }
};

}  // namespace kernel

/// @brief Argument of an operation: the address of numbers that are stored as Real, or, where it is that of Packed, as
/// the runtime stores operands.
template <class Runtime, class Real>
struct Numbers : kernel::Stored<Real> {
  bool packed = false;  ///< the address is that of Packed

  Numbers(std::nullptr_t) {}                                              // NOLINT: all three are such addresses
  Numbers(const Real* p) : kernel::Stored<Real>(const_cast<Real*>(p)) {}  // NOLINT
  Numbers(const Packed* p)                                                // NOLINT
      : kernel::Stored<Real>(const_cast<Packed*>(p), Runtime::rounds_operands()), packed(true) {}
};

}  // namespace ctp::backend::cuda
