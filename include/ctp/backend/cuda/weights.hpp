/// @file   ctp/backend/cuda/weights.hpp
/// @brief  Rounding of whole parameter vectors, as a kernel.
/// @layer  backend
#pragma once

#include <cstdint>

#include <ctp/backend/cuda/kernel/launch.hpp>
#include <ctp/backend/cuda/kernel/packed.hpp>
#include <ctp/backend/cuda/kernel/weight_copies.hpp>

namespace ctp::backend::cuda {

namespace kernel {

/// As Pack, for the four numbers from 4 i on, which are aligned.
template <class Real>
struct PackFour {
  const Real* from;
  Stored<Real> to;
  [[nodiscard]] CTP_HD Quad<Real> read(Index i) const { return read_wide<Quad<Real>>(from + 4 * i); }
  CTP_HD void use(const Quad<Real>& four, Index i) const { to.set_four(4 * i, four); }
};

}  // namespace kernel

/// The operations of backend::RoundsWeights, which documents each of them.
template <class Runtime, class Real>
struct WeightOps {
  static bool round_weights(Index n, const Real* theta) {
    WeightCopies& copies = WeightCopies::current();
    if (n == 0 || !Runtime::rounds_operands() || copies.count() == WeightCopies::most) return false;
    auto* copy =
        static_cast<Packed*>(Runtime::weight_copy(copies.count(), static_cast<std::size_t>(n) * sizeof(std::uint16_t)));
    const Numbers<Runtime, Real> to(copy);
    if (n % 4 == 0 && kernel::is_aligned<kernel::Quad<Real>>(theta) && to.has_fours())
      launch_each<Runtime>(n / 4, kernel::PackFour<Real>{theta, to});
    else
      launch_each<Runtime>(n, kernel::Pack<Real>{theta, to});
    copies.add(n, theta, copy);
    return true;
  }
  static void forget_weights() { WeightCopies::current().forget_last(); }
};

}  // namespace ctp::backend::cuda
