/// @file   ctp/backend/cuda/kernel/copy_along.hpp
/// @brief  The rounded copy that passes over a parameter vector write in the same launch as the vector.
/// @layer  backend
#pragma once

#include <cstdint>

#include <ctp/backend/cuda/kernel/packed.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::backend::cuda {

namespace kernel {

/// A rounded copy of the numbers that a pass writes, or none.
template <class Real>
struct Along {
  std::uint16_t* copy = nullptr;
  CTP_HD void set(Index i, Real x) const {
    if (copy != nullptr) copy[i] = static_cast<std::uint16_t>(bfloat16_bits(static_cast<float>(x)));
  }
  /// Whether set_four() may be used.
  [[nodiscard]] bool has_fours() const { return is_aligned<Quad<std::uint16_t>>(copy); }
  /// Sets the four numbers from i on. `i` is a multiple of four.
  CTP_HD void set_four(Index i, const Quad<Real>& q) const {
    if (copy != nullptr) Stored<Real>(reinterpret_cast<Packed*>(copy), true).set_four(i, q);
  }
};

}  // namespace kernel

/// @brief The vector whose copy is written along, within write(). One for each process, like the context of a device.
class CopyAlong {
 public:
  /// Calls work(). Passes of work() that take of() their numbers in theta [n] write copy [n]. Returns how many numbers
  /// they took.
  template <class Real, class Work>
  static Index write(Index n, const Real* theta, std::uint16_t* copy, const Work& work) {
    struct Restore {
      CopyAlong before;
      ~Restore() { current() = before; }
    };
    const Restore restore{current()};
    current() = CopyAlong(n, theta, copy);
    work();
    return current().taken_;
  }

  /// For a pass that writes the n numbers from p on: their copy, or none if the vector does not hold all of them.
  template <class Real>
  static kernel::Along<Real> of(const Real* p, Index n) {
    CopyAlong& now = current();
    const auto bytes = static_cast<std::uintptr_t>(n) * sizeof(Real);
    const std::uintptr_t before = reinterpret_cast<std::uintptr_t>(p) - now.first_;  // large if p lies before theta
    if (n <= 0 || before > now.bytes_ || bytes > now.bytes_ - before) return {};
    now.taken_ += n;
    return {now.copy_ + before / sizeof(Real)};
  }

 private:
  CopyAlong() = default;
  template <class Real>
  CopyAlong(Index n, const Real* theta, std::uint16_t* copy)
      : first_(reinterpret_cast<std::uintptr_t>(theta)),
        bytes_(static_cast<std::uintptr_t>(n) * sizeof(Real)),
        copy_(copy) {}
  static CopyAlong& current() {
    static CopyAlong none;
    return none;
  }

  std::uintptr_t first_ = 0, bytes_ = 0;
  std::uint16_t* copy_ = nullptr;
  Index taken_ = 0;
};

}  // namespace ctp::backend::cuda
