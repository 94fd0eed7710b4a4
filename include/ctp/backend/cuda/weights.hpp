/// @file   ctp/backend/cuda/weights.hpp
/// @brief  Rounding of whole parameter vectors, as a kernel.
/// @layer  backend
#pragma once

#include <cstdint>

#include <ctp/backend/cuda/kernel/copy_along.hpp>
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

/// The operations of backend::RoundsWeights and KeepsWeightCopies, which document each of them.
template <class Runtime, class Real>
struct WeightOps {
  static bool round_weights(Index n, const Real* theta) {
    WeightCopies& copies = WeightCopies::current();
    if (n == 0 || !Runtime::rounds_operands() || copies.count() == WeightCopies::most) return false;
    auto* copy =
        static_cast<Packed*>(Runtime::weight_copy(copies.count(), static_cast<std::size_t>(n) * sizeof(std::uint16_t)));
    round(n, theta, copy);
    copies.add(n, theta, copy);
    return true;
  }
  static void forget_weights() { WeightCopies::current().forget_last(); }

  // of backend::KeepsWeightCopies
  static bool rounds_weights() { return Runtime::rounds_operands(); }
  static void round_weights(Index n, const Real* theta, std::uint16_t* copy) {
    round(n, theta, reinterpret_cast<Packed*>(copy));
  }
  static bool read_copy(Index n, const Real* theta, const std::uint16_t* copy) {
    WeightCopies& copies = WeightCopies::current();
    if (copies.count() == WeightCopies::most) return false;
    copies.add(n, theta, reinterpret_cast<const Packed*>(copy));
    return true;
  }
  template <class Work>
  static Index write_along(Index n, const Real* theta, std::uint16_t* copy, const Work& work) {
    return CopyAlong::write(n, theta, copy, work);
  }

 private:
  static void round(Index n, const Real* theta, Packed* copy) {
    const kernel::Stored<Real> to(copy, true);
    if (n % 4 == 0 && kernel::is_aligned<kernel::Quad<Real>>(theta) && to.has_fours())
      launch_each<Runtime>(n / 4, kernel::PackFour<Real>{theta, to});
    else
      launch_each<Runtime>(n, kernel::Pack<Real>{theta, to});
  }
};

}  // namespace ctp::backend::cuda
