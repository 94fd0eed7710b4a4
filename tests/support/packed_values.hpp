// Numbers in bfloat16 in host memory, for kernels on simulated threads that round operands.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <ctp/backend/cuda/kernel/packed.hpp>

#include "reference.hpp"

namespace reference {

/// Numbers in bfloat16, from element `first` of their memory on.
class PackedValues {
 public:
  explicit PackedValues(const Values& x, Index first = 0) : memory_(x.size() + at(first)), first_(first) {
    for (std::size_t i = 0; i < x.size(); ++i)
      memory_[at(first) + i] =
          static_cast<std::uint16_t>(ctp::backend::cuda::kernel::bfloat16_bits(static_cast<float>(x[i])));
  }
  /// Room for n numbers, filled with NaN.
  explicit PackedValues(Index n, Index first = 0) : PackedValues(Values(at(n), std::nan("")), first) {}

  ctp::backend::cuda::Packed* data() { return reinterpret_cast<ctp::backend::cuda::Packed*>(memory_.data() + first_); }
  [[nodiscard]] Values values() const {
    Values x;
    for (std::size_t i = at(first_); i < memory_.size(); ++i)
      x.push_back(static_cast<double>(ctp::backend::cuda::kernel::bfloat16_value(memory_[i])));
    return x;
  }

 private:
  std::vector<std::uint16_t> memory_;
  Index first_;
};
/// x as bfloat16 stores it.
inline Values in_bfloat16(const Values& x) { return PackedValues(x).values(); }

/// The largest error of a value, relative to 0.1 + |expected|. NaN if a value is NaN, so that no limit holds.
inline double error(const Values& found, const Values& expected) {
  if (found.size() != expected.size()) return INFINITY;
  double most = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double one = std::abs(found[i] - expected[i]) / (0.1 + std::abs(expected[i]));
    if (!(one <= most)) most = one;
    if (std::isnan(one)) return one;
  }
  return most;
}
inline constexpr double half_unit = 0x1p-8;  ///< largest relative error of a rounding to bfloat16

}  // namespace reference
