/// @file   ctp/backend/cuda/rows.hpp
/// @brief  Gather, scatter, normalisation and scaling of rows, as kernels.
/// @layer  backend
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include <ctp/backend/cuda/kernel/launch.hpp>
#include <ctp/backend/cuda/kernel/wide_access.hpp>

namespace ctp::backend::cuda {

namespace kernel {

template <class Real>
struct GatherRows {
  Index d;
  const Real* x;
  const std::int32_t* index;
  Real* y;
  CTP_HD void operator()(Index i) const { y[i] = x[index[i / d] * d + i % d]; }
};

/// Place of the lowest bit of `bits`, which is not 0.
CTP_HD inline unsigned lowest_bit(unsigned bits) {
#if defined(__CUDA_ARCH__)
  return static_cast<unsigned>(__ffs(static_cast<int>(bits)) - 1);
#else
  return static_cast<unsigned>(std::countr_zero(bits));
#endif
}

/// @brief x[r] += y[i], one after the other in the order of i, for all i with index[i] == r.
///
/// A warp for each place i and 128 columns. The warp of a row's first occurrence computes the whole sum, so no two
/// warps write to one element and the order is fixed. x is read once and written once; eight rows of y are read ahead.
/// `Wide`: a lane has four neighbouring columns, in rows whose fours are aligned, else four columns 32 apart.
template <class Real, bool Wide>
struct ScatterAddRows {
  static constexpr int columns_of_lane = 4, columns_of_warp = columns_of_lane * warp_size, rows_ahead = 8;
  Index n, d;
  const Real* y;
  const std::int32_t* index;
  std::int32_t skipped;  ///< row of x that receives no sum
  Real* x;

  /// Number of warps.
  [[nodiscard]] Index tasks() const { return n * chunks(); }

  template <class Thread>
  CTP_HD void operator()(const Warp<Thread>& warp, Index task) const {
    const Index i = task / chunks(), column = task % chunks() * columns_of_warp + (Wide ? 4 : 1) * warp.lane();
    const std::int32_t row = index[i];
    if (row == skipped || occurs(warp, row, i)) return;
    Quad<Real> sum = read(x + row * d, column);
    for (Index first = i; first < n; first += warp_size) {
      const Index j = first + warp.lane();
      // One bit for each lane: the sum is the bit mask of the lanes with this row's index.
      unsigned found = warp.sum(j < n && index[j] == row ? 1U << static_cast<unsigned>(warp.lane()) : 0U);
      while (found != 0) found = add_rows(y + first * d, found, column, sum);
    }
    write(sum, x + row * d, column);
  }

 private:
  [[nodiscard]] CTP_HD Index chunks() const { return (d + columns_of_warp - 1) / columns_of_warp; }
  /// A lane's numbers of a row, the first in `column`. A column beyond the row has any number of the same chunk, which
  /// no other warp writes.
  CTP_HD Quad<Real> read(const Real* from, Index column) const {
    if constexpr (Wide) {
      const Index chunk = column / columns_of_warp * columns_of_warp;
      return read_wide<Quad<Real>>(from + (column < d ? column : chunk));  // without a branch
    } else {
      Quad<Real> four = {};
      CTP_UNROLL
      for (int k = 0; k < columns_of_lane; ++k)
        if (column + k * warp_size < d) four.x[k] = from[column + k * warp_size];
      return four;
    }
  }
  CTP_HD void write(const Quad<Real>& four, Real* to, Index column) const {
    if constexpr (Wide) {
      if (column < d) write_wide(to + column, four);
    } else {
      CTP_UNROLL
      for (int k = 0; k < columns_of_lane; ++k)
        if (column + k * warp_size < d) to[column + k * warp_size] = four.x[k];
    }
  }
  /// True if index[j] == row for some j < i.
  template <class Thread>
  CTP_HD bool occurs(const Warp<Thread>& warp, std::int32_t row, Index i) const {
    int earlier = 0;
    for (Index j = warp.lane(); j < i; j += warp_size) earlier += index[j] == row ? 1 : 0;
    return warp.sum(earlier) > 0;
  }
  /// Adds the rows of `from` that the lowest eight bits of `found` name, and returns the other bits.
  CTP_HD unsigned add_rows(const Real* from, unsigned found, Index column, Quad<Real>& sum) const {
    Quad<Real> loaded[rows_ahead] = {};
    unsigned left = found;
    CTP_UNROLL
    for (int r = 0; r < rows_ahead; ++r) {
      if (left == 0) continue;
      loaded[r] = read(from + static_cast<Index>(lowest_bit(left)) * d, column);
      left &= left - 1;
    }
    CTP_UNROLL
    for (int r = 0; r < rows_ahead; ++r) {
      if (found == 0) continue;
      CTP_UNROLL
      for (int k = 0; k < columns_of_lane; ++k) sum.x[k] += loaded[r].x[k];
      found &= found - 1;
    }
    return found;
  }
};

template <class Real>
struct TakeRows {
  Index step, d;
  const Real* x;
  Real* y;
  CTP_HD void operator()(Index i) const { y[i] = x[i / d * step * d + i % d]; }
};

template <class Real>
struct AddTakenRows {
  Index step, d;
  const Real* y;
  Real* x;
  CTP_HD void operator()(Index i) const { x[i / d * step * d + i % d] += y[i]; }
};

template <class Team, class Real>
CTP_HD Real dot(const Team& team, Index d, const Real* a, const Real* b) {
  Real sum = 0;
  for (Index j = team.lane(); j < d; j += team.size()) sum += a[j] * b[j];
  return team.sum(sum);
}

template <class Real>
struct NormalizeRows {
  Index d;
  const Real* x;
  Real eps;
  Real *y, *length;

  template <class Team>
  CTP_HD void operator()(const Team& team, Index i) const {
    const Real* in = x + i * d;
    const Real norm = std::sqrt(dot(team, d, in, in)), used = norm > eps ? norm : eps, inverse = Real(1) / used;
    for (Index j = team.lane(); j < d; j += team.size()) y[i * d + j] = in[j] * inverse;
    if (team.lane() == 0) length[i] = used;
  }
};

template <class Real>
struct NormalizeRowsBackward {
  Index d;
  const Real *y, *length;
  Real eps;
  const Real* dy;
  Real* dx;

  template <class Team>
  CTP_HD void operator()(const Team& team, Index i) const {
    const Real *g = dy + i * d, *unit = y + i * d;
    const Real along = dot(team, d, g, unit), used = length[i] > eps ? along : Real(0), inverse = Real(1) / length[i];
    for (Index j = team.lane(); j < d; j += team.size()) dx[i * d + j] += (g[j] - used * unit[j]) * inverse;
  }
};

template <class Real>
struct RowProducts {
  Index d;
  const Real *a, *b;
  bool root;  ///< take the square root of the product: the row's length if a is b
  Real* y;

  template <class Team>
  CTP_HD void operator()(const Team& team, Index i) const {
    const Real product = dot(team, d, a + i * d, b + i * d);
    if (team.lane() == 0) y[i] = root ? std::sqrt(product) : product;
  }
};

template <class Real>
struct RowLengthsBackward {
  Index d;
  const Real *x, *length, *dlength;
  Real* dx;
  CTP_HD void operator()(Index i) const {
    const Real l = length[i / d];
    dx[i] += l > 0 ? dlength[i / d] / l * x[i] : Real(0);
  }
};

template <class Real>
struct AddScaledRows {
  Index d;
  const Real *factor, *x;
  Real* y;
  CTP_HD void operator()(Index i) const { y[i] += factor[i / d] * x[i]; }
};

template <class Real>
struct TransposeEach {
  Index n, d;
  const Real* x;
  bool accumulate;
  Real* y;
  CTP_HD void operator()(Index i) const {  // i: element of y [batch,d,n]
    const Index b = i / (n * d), j = i / n % d, row = i % n;
    y[i] = x[(b * n + row) * d + j] + (accumulate ? y[i] : Real(0));
  }
};

}  // namespace kernel

/// Launches ScatterAddRows for x [_,d] and y [n,d].
template <class Runtime, class Real>
void launch_scatter(Index n, Index d, const Real* y, const std::int32_t* index, std::int32_t skipped, Real* x) {
  const auto launch = [](const auto& body) { launch_rows_by_warp<Runtime>(body.tasks(), body); };
  using Four = kernel::Quad<Real>;
  if (d % 4 == 0 && kernel::is_aligned<Four>(y) && kernel::is_aligned<Four>(x))
    launch(kernel::ScatterAddRows<Real, true>{n, d, y, index, skipped, x});
  else
    launch(kernel::ScatterAddRows<Real, false>{n, d, y, index, skipped, x});
}

/// The operations of generic::RowOps, which documents each of them.
template <class Runtime, class Real>
struct RowOps {
  static void gather_rows(Index n, Index d, const Real* x, const std::int32_t* index, Real* y) {
    launch_each<Runtime>(n * d, kernel::GatherRows<Real>{d, x, index, y});
  }
  static void scatter_add_rows(Index n, Index d, const Real* y, const std::int32_t* index, Real* x) {
    launch_scatter<Runtime>(n, d, y, index, -1, x);
  }
  static void take_rows(Index n, Index step, Index d, const Real* x, Real* y) {
    launch_each<Runtime>(n * d, kernel::TakeRows<Real>{step, d, x, y});
  }
  static void add_taken_rows(Index n, Index step, Index d, const Real* y, Real* x) {
    launch_each<Runtime>(n * d, kernel::AddTakenRows<Real>{step, d, y, x});
  }
  static void normalize_rows(Index n, Index d, const Real* x, Real eps, Real* y, Real* length) {
    launch_rows<Runtime>(n, d, kernel::NormalizeRows<Real>{d, x, eps, y, length});
  }
  static void normalize_rows_backward(Index n, Index d, const Real* y, const Real* length, Real eps, const Real* dy,
                                      Real* dx) {
    launch_rows<Runtime>(n, d, kernel::NormalizeRowsBackward<Real>{d, y, length, eps, dy, dx});
  }
  static void row_lengths(Index n, Index d, const Real* x, Real* length) {
    launch_rows<Runtime>(n, d, kernel::RowProducts<Real>{d, x, x, true, length});
  }
  static void row_lengths_backward(Index n, Index d, const Real* x, const Real* length, const Real* dlength, Real* dx) {
    launch_each<Runtime>(n * d, kernel::RowLengthsBackward<Real>{d, x, length, dlength, dx});
  }
  static void row_products(Index n, Index d, const Real* a, const Real* b, Real* y) {
    launch_rows<Runtime>(n, d, kernel::RowProducts<Real>{d, a, b, false, y});
  }
  static void add_scaled_rows(Index n, Index d, const Real* factor, const Real* x, Real* y) {
    launch_each<Runtime>(n * d, kernel::AddScaledRows<Real>{d, factor, x, y});
  }
  static void transpose_each(Index batch, Index n, Index d, const Real* x, bool accumulate, Real* y) {
    launch_each<Runtime>(batch * n * d, kernel::TransposeEach<Real>{n, d, x, accumulate, y});
  }
};

}  // namespace ctp::backend::cuda
