/// @file   ctp/backend/cuda/kernel/weight_copies.hpp
/// @brief  Which weights have a rounded copy, and where it is.
/// @layer  backend
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <ctp/backend/cuda/kernel/matrix_product.hpp>
#include <ctp/backend/cuda/kernel/packed.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::backend::cuda {

/// @brief Parameter vectors with a copy in bfloat16, the last added first to be forgotten. One list for each process,
/// like the context of a device.
class WeightCopies {
 public:
  static constexpr std::size_t most = 4;  ///< vectors at a time

  static WeightCopies& current() {
    static WeightCopies copies;
    return copies;
  }

  [[nodiscard]] std::size_t count() const { return count_; }
  /// Adds the vector theta [n], whose element i is copy[i]. There must be fewer than `most`.
  template <class Real>
  void add(Index n, const Real* theta, const Packed* copy) {
    ranges_[count_++] = {reinterpret_cast<std::uintptr_t>(theta), static_cast<std::uintptr_t>(n) * sizeof(Real),
                         reinterpret_cast<const std::uint16_t*>(copy)};
  }
  void forget_last() { --count_; }

  /// The copy of the n numbers from p on, or null if no vector holds all of them.
  template <class Real>
  [[nodiscard]] const Packed* find(const Real* p, Index n) const {
    const auto first = reinterpret_cast<std::uintptr_t>(p), bytes = static_cast<std::uintptr_t>(n) * sizeof(Real);
    for (std::size_t i = count_; n > 0 && i-- > 0;) {
      const Range& range = ranges_[i];
      const std::uintptr_t before = first - range.first;  // beyond the bytes of any vector if p lies before theta
      if (before <= range.bytes && bytes <= range.bytes - before)
        return reinterpret_cast<const Packed*>(range.copy + before / sizeof(Real));
    }
    return nullptr;
  }

 private:
  struct Range {
    std::uintptr_t first = 0, bytes = 0;
    const std::uint16_t* copy = nullptr;
  };
  std::array<Range, most> ranges_{};
  std::size_t count_ = 0;
};

/// The product `p` with the rounded copies of those operands that have one, for a runtime that rounds operands.
template <class Runtime, class Real>
MatrixProduct<Real> with_weight_copies(MatrixProduct<Real> p) {
  if (p.single || !Runtime::rounds_operands()) return p;
  const auto replace = [](typename MatrixProduct<Real>::Operand& x, Index rows, Index columns, Index stride) {
    if (x.packed) return;
    if (const Packed* copy = WeightCopies::current().find(x.plain(), (rows - 1) * stride + columns)) x = copy;
  };
  replace(p.a, p.transpose_a ? p.k : p.m, p.transpose_a ? p.m : p.k, p.lda);
  replace(p.b, p.transpose_b ? p.n : p.k, p.transpose_b ? p.k : p.n, p.ldb);
  if (p.packed_d != nullptr && p.bias != nullptr) p.packed_bias = WeightCopies::current().find(p.bias, p.n);
  return p;
}

}  // namespace ctp::backend::cuda
