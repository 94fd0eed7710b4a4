/// @file   ctp/backend/cuda/kernel/wide_row.hpp
/// @brief  Rows that a warp holds in registers, and their dropout.
/// @layer  backend
#pragma once

#include <concepts>
#include <cstdint>

#include <ctp/backend/cuda/kernel/kept_bits.hpp>
#include <ctp/backend/cuda/kernel/packed.hpp>
#include <ctp/backend/cuda/kernel/thread.hpp>

namespace ctp::backend::cuda::kernel {

/// @brief Access of a warp to rows of a multiple of 4 and up to 1,024 numbers: each lane holds the four numbers from
/// column 4 lane on of each 128 columns.
template <class Real>
struct WideRow {
  static constexpr int quads = 8, columns_apart = 4 * warp_size;
  static constexpr Index most_columns = quads * columns_apart;
  using Numbers = Quad<Real>[quads];

  int lane;
  Index columns;

  /// Calls use(q, column) for each four numbers that the lane holds.
  template <class Use>
  CTP_HD void each(const Use& use) const {
    each(0, quads, use);
  }
  /// The same, of those from `first` to before `last`, which are constants.
  template <class Use>
  CTP_HD void each(int first, int last, const Use& use) const {
    CTP_UNROLL
    for (int q = first; q < last; ++q) {
      const int column = q * columns_apart + 4 * lane;
      if (column < static_cast<int>(columns)) use(q, column);
    }
  }
  /// Calls use(q, k) for each number that the lane holds.
  template <class Use>
  CTP_HD void each_number(const Use& use) const {
    each([&](int q, int) {
      CTP_UNROLL
      for (int k = 0; k < 4; ++k) use(q, k);
    });
  }
  /// `Number`: Real or Bfloat16.
  template <class Number>
  CTP_HD void read(const Number* from, Numbers& to) const {
    each([&](int q, int column) { to[q] = read_four<Real>(from + column); });
  }
  CTP_HD void write(const Numbers& from, Real* to) const {
    each([&](int q, int column) { write_wide(to + column, from[q]); });
  }

  /// True if `d` numbers are such a row and rows at these addresses are aligned.
  template <class... Pointer>
  static bool fits(Index d, const Pointer*... p) {
    return std::same_as<Real, float> && d % 4 == 0 && d <= most_columns && (is_aligned<Quad<Real>>(p) && ...);
  }
};

/// Dropout of the numbers of a WideRow; keeps all if the layer is not active.
template <class Real>
struct WideFactors {
  std::uint32_t kept = ~0U;
  Real scale = 1;

  template <class Team>
  CTP_HD WideFactors(const Team& team, const Dropout& dropout, Index entry, Index row, Index columns) {
    if (!dropout.active()) return;
    kept = kept_of_row(team, dropout, dropout.sample[entry], row, columns);
    scale = static_cast<Real>(dropout.scale());
  }
  CTP_HD Real operator()(int q, int k) const { return (kept >> (4 * q + k) & 1U) != 0 ? scale : Real(0); }
};

}  // namespace ctp::backend::cuda::kernel
