/// @file   ctp/backend/cpu/kernel.hpp
/// @brief  Matrix product kernel in the widest registers that the compiler may use.
/// @layer  backend
///
/// Eigen packs both operands of every product, the row-major one element by element. In a training step many products
/// have few rows, and packing takes as long as multiplying. This kernel never packs the left operand. It packs the
/// right operand, sixteen by sixteen, only if the operand is transposed or serves many rows. CTP_HAS_KERNEL is 0 if the
/// compiler has no vector extensions or the target has no registers of 32 bytes: then Eigen computes all products.
///
/// generic/ranking.hpp has a second kernel: a score's bits must depend on nothing but its two rows, so that equal rows
/// tie exactly. Here bits also depend on an element's place: the last columns of a product take another path.
#pragma once

#include <ctp/config.hpp>

#if CTP_HAS_KERNEL

#include <algorithm>
#include <cstring>
#include <utility>

#include <ctp/core/scratch.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::backend::cpu::kernel {

#if defined(__AVX512F__)
inline constexpr int register_bytes = 64, panel_registers = 4;  // 6 x 4 sums, 4 columns and one row: 29 of 32 registers
#else
inline constexpr int register_bytes = 32, panel_registers = 2;  // 6 x 2 sums, 2 columns and one row: 15 of 16 registers
#endif
inline constexpr int panel_rows = 6;
inline constexpr Index longest = 256;  ///< terms of a sum at once, so that a packed panel stays in the nearest caches

template <class Real>
struct Lanes {
  static constexpr int count = register_bytes / static_cast<int>(sizeof(Real));
  typedef Real type __attribute__((vector_size(register_bytes)));
};
template <class Real>
using Register = typename Lanes<Real>::type;
template <class Real>
inline constexpr Index panel_columns = Index{panel_registers} * Lanes<Real>::count;

template <class Real>
Register<Real> load(const Real* from) {
  Register<Real> x;
  std::memcpy(&x, from, sizeof x);
  return x;
}
template <class Real>
void store(const Register<Real>& x, Real* to) {
  std::memcpy(to, &x, sizeof x);
}

/// @brief Register-blocked product: c += alpha a b for Rows rows and Registers registers of columns.
///
/// Element (i, l) of a lies at a[i * a_row + l * a_step], row l of b at b + l * b_step.
template <int Rows, int Registers, class Real>
void multiply(Index k, const Real* a, Index a_row, Index a_step, const Real* b, Index b_step, Real alpha, Real* c,
              Index ldc) {
  constexpr int lanes = Lanes<Real>::count;
  Register<Real> sum[Rows][Registers] = {};
  for (Index l = 0; l < k; ++l) {
    Register<Real> right[Registers];
    CTP_UNROLL
    for (int v = 0; v < Registers; ++v) right[v] = load(b + l * b_step + v * lanes);
    CTP_UNROLL
    for (int i = 0; i < Rows; ++i) {
      const Register<Real> left = a[i * a_row + l * a_step] - Register<Real>{};
      CTP_UNROLL
      for (int v = 0; v < Registers; ++v) sum[i][v] += left * right[v];
    }
  }
  CTP_UNROLL
  for (int i = 0; i < Rows; ++i) {
    CTP_UNROLL
    for (int v = 0; v < Registers; ++v) {
      Real* const to = c + i * ldc + v * lanes;
      store<Real>(load<Real>(to) + alpha * sum[i][v], to);
    }
  }
}

/// multiply() for any number of rows.
template <int Registers, class Real>
void multiply_rows(Index m, Index k, const Real* a, Index a_row, Index a_step, const Real* b, Index b_step, Real alpha,
                   Real* c, Index ldc) {
  Index i = 0;
  for (; i + panel_rows <= m; i += panel_rows)
    multiply<panel_rows, Registers>(k, a + i * a_row, a_row, a_step, b, b_step, alpha, c + i * ldc, ldc);
  [&]<int... Rows>(std::integer_sequence<int, Rows...>) {
    ((m - i == Rows + 1
          ? multiply<Rows + 1, Registers>(k, a + i * a_row, a_row, a_step, b, b_step, alpha, c + i * ldc, ldc)
          : void()),
     ...);
  }(std::make_integer_sequence<int, panel_rows - 1>{});
}

/// One step of the transposition of a square of registers: swaps the off-diagonal blocks of Distance lanes.
template <int Distance, class Real, int... Lane>
CTP_INLINE void swap_blocks(Register<Real>& upper, Register<Real>& lower, std::integer_sequence<int, Lane...>) {
  constexpr int n = sizeof...(Lane);
  const Register<Real> a = upper, b = lower;
  upper = __builtin_shufflevector(a, b, ((Lane & Distance) == 0 ? Lane : n + Lane - Distance)...);
  lower = __builtin_shufflevector(a, b, ((Lane & Distance) == 0 ? Lane + Distance : n + Lane)...);
}

/// Transposes a square of registers: lane j of x[i] becomes lane i of x[j].
template <class Real, int Distance = Lanes<Real>::count / 2>
CTP_INLINE void transpose(Register<Real>* x) {
  constexpr int n = Lanes<Real>::count;
  if constexpr (Distance > 0) {
    CTP_UNROLL
    for (int i = 0; i < n; ++i)
      if ((i & Distance) == 0) swap_blocks<Distance, Real>(x[i], x[i + Distance], std::make_integer_sequence<int, n>{});
    transpose<Real, Distance / 2>(x);
  }
}

/// to[l * width + j] = b[j * ldb + l] for l < k and j < columns; the remaining columns up to `width` are zero.
template <class Real>
void pack_transposed(Index k, Index columns, const Real* b, Index ldb, Index width, Real* to) {
  constexpr Index n = Lanes<Real>::count;
  for (Index j = 0; j < width; j += n) {
    const Index rows = std::clamp<Index>(columns - j, 0, n);
    Index l = 0;
    for (; rows == n && l + n <= k; l += n) {
      Register<Real> x[n];
      CTP_UNROLL
      for (Index i = 0; i < n; ++i) {
        x[i] = load(b + (j + i) * ldb + l);
        __builtin_prefetch(b + (j + n + i) * ldb + l);  // weights are seldom in the nearest cache
      }
      transpose<Real>(x);
      CTP_UNROLL
      for (Index i = 0; i < n; ++i) store<Real>(x[i], to + (l + i) * width + j);
    }
    for (; l < k; ++l)
      for (Index i = 0; i < n; ++i) to[l * width + j + i] = i < rows ? b[(j + i) * ldb + l] : Real(0);
  }
}

/// to[l * width + j] = b[l * ldb + j], zero from `columns` on.
template <class Real>
void pack_rows(Index k, Index columns, const Real* b, Index ldb, Index width, Real* to) {
  constexpr Index n = Lanes<Real>::count;
  for (Index l = 0; l < k; ++l, b += ldb, to += width) {
    Index j = 0;
    for (; j + n <= columns; j += n) store<Real>(load(b + j), to + j);
    for (; j < width; ++j) to[j] = j < columns ? b[j] : Real(0);
  }
}

/// A panel of at most panel_columns columns of c.
template <int Registers, class Real>
void multiply_panel(bool transpose_b, Index m, Index columns, Index k, Real alpha, const Real* a, Index a_row,
                    Index a_step, const Real* b, Index ldb, Real* c, Index ldc) {
  constexpr Index width = Index{Registers} * Lanes<Real>::count;
  // Copy the panel if many rows use it and its own rows lie far apart.
  const bool far_apart = m >= 4 * panel_rows && ldb > 512;
  const bool whole = columns == width;
  Real* packed = nullptr;
  if (transpose_b || !whole || far_apart) {
    packed = thread_scratch<Real, Scratch::PackedRight>(static_cast<std::size_t>(longest * width));
    if (transpose_b)
      pack_transposed(k, columns, b, ldb, width, packed);
    else
      pack_rows(k, columns, b, ldb, width, packed);
  }
  const Real* const right = packed != nullptr ? packed : b;
  const Index b_step = packed != nullptr ? width : ldb;
  if (whole) {
    multiply_rows<Registers>(m, k, a, a_row, a_step, right, b_step, alpha, c, ldc);
    return;
  }
  // The last columns: sums fill whole registers, but only the first `columns` belong to c.
  Real sums[panel_rows * width];
  for (Index i = 0; i < m; i += panel_rows) {
    const Index rows = std::min<Index>(panel_rows, m - i);
    std::fill_n(sums, rows * width, Real(0));
    multiply_rows<Registers>(rows, k, a + i * a_row, a_row, a_step, right, b_step, alpha, sums, width);
    for (Index r = 0; r < rows; ++r)
      for (Index j = 0; j < columns; ++j) c[(i + r) * ldc + j] += sums[r * width + j];
  }
}

/// @brief Matrix product c += alpha op(a) op(b) on the calling thread. **Shapes.** op(a) [m,k], op(b) [k,n], c [m,n],
/// rows `lda`, `ldb`, `ldc` apart; op transposes if its flag is set.
template <class Real>
void product(bool transpose_a, bool transpose_b, Index m, Index n, Index k, Real alpha, const Real* a, Index lda,
             const Real* b, Index ldb, Real* c, Index ldc) {
  const Index a_row = transpose_a ? 1 : lda, a_step = transpose_a ? lda : 1;
  for (Index l = 0; l < k; l += longest) {
    const Index part = std::min(longest, k - l);
    for (Index j = 0; j < n; j += panel_columns<Real>) {
      const Index columns = std::min(panel_columns<Real>, n - j);
      const Real* const right = transpose_b ? b + j * ldb + l : b + l * ldb + j;
      const Index registers = (columns + Lanes<Real>::count - 1) / Lanes<Real>::count;
      [&]<int... Less>(std::integer_sequence<int, Less...>) {
        ((registers == Less + 1 ? multiply_panel<Less + 1>(transpose_b, m, columns, part, alpha, a + l * a_step, a_row,
                                                           a_step, right, ldb, c + j, ldc)
                                : void()),
         ...);
      }(std::make_integer_sequence<int, panel_registers>{});
    }
  }
}

}  // namespace ctp::backend::cpu::kernel

#endif
