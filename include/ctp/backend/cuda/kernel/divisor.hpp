/// @file   ctp/backend/cuda/kernel/divisor.hpp
/// @brief  Division of indices by a number that is known at the launch.
/// @layer  backend
#pragma once

#include <bit>
#include <cstdint>

#include <ctp/config.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::backend::cuda::kernel {

/// @brief Divides indices below 2^31 by a number from 1 to 2^31 - 1, in three instructions on a device.
///
/// **Source.** Granlund and Montgomery 1994, doi:10.1145/178243.178249, figure 4.1: with l = ceil(log2 d) and
/// m = floor(2^32 (2^l - d) / d) + 1, the quotient is (floor(m n / 2^32) + n) / 2^l, rounded down.
class Divisor {
 public:
  /// Indices must be smaller.
  static constexpr Index limit = Index{1} << 31;
  struct Parts {
    std::uint32_t quotient, remainder;
  };

  explicit Divisor(Index d)
      : divisor_(static_cast<std::uint32_t>(d)),
        shift_(static_cast<std::uint32_t>(std::bit_width(divisor_ - 1))),
        factor_(static_cast<std::uint32_t>((((std::uint64_t{1} << shift_) - divisor_) << 32U) / divisor_ + 1)) {}

  [[nodiscard]] CTP_HD std::uint32_t divisor() const { return divisor_; }
  [[nodiscard]] CTP_HD Parts operator()(std::uint32_t n) const {
    const auto high = static_cast<std::uint32_t>(std::uint64_t{factor_} * n >> 32U);
    const std::uint32_t quotient = (high + n) >> shift_;
    return {quotient, n - quotient * divisor_};
  }

 private:
  std::uint32_t divisor_, shift_, factor_;
};

}  // namespace ctp::backend::cuda::kernel
