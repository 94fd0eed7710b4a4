/// @file   ctp/backend/cuda/kernel/tensor_tile.hpp
/// @brief  Tiles of 64 rows in shared memory and products of tiles on tensor cores, in bfloat16 or TF32.
/// @layer  backend
#pragma once

#include <cstdint>

#include <ctp/backend/cuda/kernel/packed.hpp>
#include <ctp/backend/cuda/kernel/thread.hpp>
#include <ctp/config.hpp>

namespace ctp::backend::cuda::kernel {

inline constexpr int tile_rows = 64, tile_threads = 128;
inline constexpr int row_gap = 8;  ///< padding of a row in shared memory, so that a warp's words access 32 banks

/// Two neighbours as bfloat16 in one word, the first in the low half.
CTP_HD inline std::uint32_t pack(float first, float second) {
  return bfloat16_bits(first) | bfloat16_bits(second) << 16U;
}
/// x with 10 bits of mantissa, ties to even; NaN stays NaN.
CTP_HD inline std::uint32_t tf32_bits(float x) {
  if (x != x) return 0x7FC00000U;  // as bfloat16_bits()
  const auto bits = __builtin_bit_cast(std::uint32_t, x);
  return (bits + 0xFFFU + (bits >> 13U & 1U)) & ~0x1FFFU;
}

/// A lane's part of an operand or result of a tensor-core product, in PTX's terms: group = lane / 4, pair = lane % 4.
struct Fragment {
  int group, pair;
  CTP_HD explicit Fragment(int lane) : group(lane / 4), pair(lane % 4) {}
};

/// @brief Operands in bfloat16: one product reads 16 numbers of each row.
///
/// A form defines the storage of numbers in shared memory, the numbers of a row that one product reads (`depth`), and a
/// lane's words: `left` is one word of a row of the left operand (of four: rows group and group + 8, first and second
/// half); `right` is both words of a row of the transposed right operand; `weights` is the left operand from results of
/// products, which already lie in the right lanes.
struct Bf16Form {
  using Number = std::uint16_t;
  static constexpr int depth = 16;

  CTP_HD static Number number(float x) { return static_cast<Number>(bfloat16_bits(x)); }
  CTP_HD static std::uint32_t left(const float* row, int pair, int half) {
    return pack(row[pair * 2 + half * 8], row[pair * 2 + half * 8 + 1]);
  }
  CTP_HD static void right(const Number* row, int pair, std::uint32_t (&b)[2]) {
    const Number* at = row + pair * 2;
    b[0] = static_cast<std::uint32_t>(at[0]) | static_cast<std::uint32_t>(at[1]) << 16U;
    b[1] = static_cast<std::uint32_t>(at[8]) | static_cast<std::uint32_t>(at[9]) << 16U;
  }
  CTP_HD static void weights(const float (&of)[tile_rows / 8][4], int step, std::uint32_t (&a)[4]) {
    const float(&low)[4] = of[2 * step];
    const float(&high)[4] = of[2 * step + 1];
    a[0] = pack(low[0], low[1]);
    a[1] = pack(low[2], low[3]);
    a[2] = pack(high[0], high[1]);
    a[3] = pack(high[2], high[3]);
  }
  template <class Thread>
  CTP_HD static void multiply(const Thread& t, float (&c)[4], const std::uint32_t (&a)[4],
                              const std::uint32_t (&b)[2]) {
    t.mma(c, a, b);
  }
};

/// @brief Operands in TF32: one product reads 8 numbers of each row. In both operands a lane's places p and p + 4 hold
/// the neighbours 2 p and 2 p + 1: this permutes the eight terms of a sum, and puts results into the lanes in which the
/// next left operand needs them.
struct Tf32Form {
  using Number = std::uint32_t;
  static constexpr int depth = 8;

  CTP_HD static Number number(float x) { return tf32_bits(x); }
  CTP_HD static std::uint32_t left(const float* row, int pair, int half) { return tf32_bits(row[pair * 2 + half]); }
  CTP_HD static void right(const Number* row, int pair, std::uint32_t (&b)[2]) {
    b[0] = row[pair * 2];
    b[1] = row[pair * 2 + 1];
  }
  CTP_HD static void weights(const float (&of)[tile_rows / 8][4], int step, std::uint32_t (&a)[4]) {
    const float(&w)[4] = of[step];
    a[0] = tf32_bits(w[0]);
    a[1] = tf32_bits(w[2]);
    a[2] = tf32_bits(w[1]);
    a[3] = tf32_bits(w[3]);
  }
  template <class Thread>
  CTP_HD static void multiply(const Thread& t, float (&c)[4], const std::uint32_t (&a)[4],
                              const std::uint32_t (&b)[2]) {
    t.mma_tf32(c, a, b);
  }
};

/// The left operands of all steps over the width.
template <class Form, int Width>
using LeftOperands = std::uint32_t[Width / Form::depth][4];

/// 64 rows of one side of a head in shared memory, as rows [64, Width] and optionally as columns [Width, 64].
template <class Form, int Width>
struct Tile {
  using Number = typename Form::Number;
  static constexpr int row_stride = Width + row_gap, column_stride = tile_rows + row_gap;
  static constexpr int rows_size = tile_rows * row_stride, columns_size = Width * column_stride;

  /// Loads rows `first` to `first + 64` of a head that begins at `from`; rows from `n` on are zero. `rows` or `columns`
  /// may be null.
  template <class Thread>
  CTP_HD static void load(const Thread& t, const float* from, Index stride, Index first, Index n, Number* rows,
                          Number* columns) {
    for (int e = t.id(); e < tile_rows * Width; e += t.threads()) {
      const int row = e / Width, column = e % Width;
      const Number x = Form::number(first + row < n ? from[(first + row) * stride + column] : 0.F);
      if (rows != nullptr) rows[row * row_stride + column] = x;
      if (columns != nullptr) columns[column * column_stride + row] = x;
    }
  }
  /// Loads the left operands of the 16 rows from `row` on; rows from `n` on are zero.
  CTP_HD static void left(const float* from, Index stride, Index row, Index n, const Fragment& f,
                          LeftOperands<Form, Width>& a) {
    CTP_UNROLL
    for (int k = 0; k < Width / Form::depth; ++k) CTP_UNROLL
    for (int part = 0; part < 4; ++part) {
      const Index r = row + f.group + part % 2 * 8;
      a[k][part] = r < n ? Form::left(from + r * stride + k * Form::depth, f.pair, part / 2) : 0U;
    }
  }
};

/// sums [16, 64] += left [16, Width] times the transposed 64 rows of a tile.
template <class Form, int Width, class Thread>
CTP_HD void multiply_by_rows(const Thread& t, const Fragment& f, const LeftOperands<Form, Width>& left,
                             const typename Form::Number* rows, float (&sums)[tile_rows / 8][4]) {
  CTP_UNROLL
  for (int n = 0; n < tile_rows / 8; ++n) CTP_UNROLL
  for (int k = 0; k < Width / Form::depth; ++k) {
    std::uint32_t b[2];
    Form::right(rows + (n * 8 + f.group) * Tile<Form, Width>::row_stride + k * Form::depth, f.pair, b);
    Form::multiply(t, sums[n], left[k], b);
  }
}

/// sums [16, Width] += weights [16, 64] times the 64 rows of a tile, given as columns.
template <class Form, int Width, class Thread>
CTP_HD void add_weighted_rows(const Thread& t, const Fragment& f, const float (&weights)[tile_rows / 8][4],
                              const typename Form::Number* columns, float (&sums)[Width / 8][4]) {
  CTP_UNROLL
  for (int k = 0; k < tile_rows / Form::depth; ++k) {
    std::uint32_t a[4];
    Form::weights(weights, k, a);
    CTP_UNROLL
    for (int n = 0; n < Width / 8; ++n) {
      std::uint32_t b[2];
      Form::right(columns + (n * 8 + f.group) * Tile<Form, Width>::column_stride + k * Form::depth, f.pair, b);
      Form::multiply(t, sums[n], a, b);
    }
  }
}

}  // namespace ctp::backend::cuda::kernel
