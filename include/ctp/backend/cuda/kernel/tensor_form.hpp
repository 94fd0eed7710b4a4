/// @file   ctp/backend/cuda/kernel/tensor_form.hpp
/// @brief  Operands of products on tensor cores, in bfloat16 or TF32.
/// @layer  backend
///
/// A form defines the storage of numbers in shared memory, the numbers of a row that one product reads (`depth`), and a
/// lane's words of an operand, in the order of PTX's mma.m16n8k16 or mma.m16n8k8.
#pragma once

#include <cstdint>

#include <ctp/backend/cuda/kernel/packed.hpp>
#include <ctp/backend/cuda/kernel/thread.hpp>
#include <ctp/backend/cuda/kernel/wide_access.hpp>
#include <ctp/config.hpp>

namespace ctp::backend::cuda::kernel {

/// x with 10 bits of mantissa, ties to even; NaN stays NaN.
CTP_HD inline std::uint32_t tf32_bits(float x) {
  const auto bits = __builtin_bit_cast(std::uint32_t, x);
  const std::uint32_t rounded = (bits + 0xFFFU + (bits >> 13U & 1U)) & ~0x1FFFU;
  return x != x ? 0x7FC00000U : rounded;  // as bfloat16_bits()
}

/// A lane's place in an operand or result of a tensor-core product, in PTX's terms: group = lane / 4, pair = lane % 4.
struct Fragment {
  int lane, group, pair;
  CTP_HD explicit Fragment(int of_warp) : lane(of_warp), group(of_warp / 4), pair(of_warp % 4) {}
};

/// @brief Operands in bfloat16: one product reads 16 numbers of each row.
///
/// `left`: the two words of a row, group or group + 8, of the left operand, from pairs of neighbours that
/// `pair(column)` returns; `left_pair` returns them, as the products read them. `weights`: the left operand from
/// results of products, which already lie in the right lanes. `right` and `transposed` read the right operands of two
/// products from rows in shared memory, `stride` numbers apart: `right` those of 8 rows and 2 `depth` columns, whose
/// products are with transposed rows; `transposed` those of `depth` rows and 16 columns. The operands begin `offset`
/// numbers behind the first row, for which `right_place` and `transposed_place` give the lane's place: so all reads of
/// a kernel share one address in a register.
struct Bf16Form {
  using Number = std::uint16_t;
  using Source = std::uint16_t;  ///< of rows in global memory: operands that are rounded already
  static constexpr int depth = 16;

  CTP_HD static void store(const Quad<float>& q, Number* to) {
    write_wide(to, Pair<std::uint32_t>{{bfloat16_pair(q.x[0], q.x[1]), bfloat16_pair(q.x[2], q.x[3])}});
  }
  template <class Pairs>
  CTP_HD static void left(const Pairs& pair, std::uint32_t& first, std::uint32_t& second) {
    first = word(pair(0));
    second = word(pair(8));
  }
  /// Columns 8 n + 2 pair and the next of the lane's row of half `half`.
  template <int Steps>
  CTP_HD static Pair<float> left_pair(const std::uint32_t (&of)[Steps][4], int n, int half) {
    const std::uint32_t both = of[n / 2][n % 2 * 2 + half];
    return {{bfloat16_value(both & 0xFFFFU), __builtin_bit_cast(float, both & 0xFFFF0000U)}};
  }
  CTP_HD static const Number* right_place(const Fragment& f, const Number* rows, int stride) {
    return rows + f.lane % 8 * stride + f.lane / 8 * 8;
  }
  template <class Thread>
  CTP_HD static void right(const Thread& t, const Number* place, int offset, int /*stride*/, std::uint32_t (&b)[4]) {
    t.load_matrices(place, offset, b);
  }
  CTP_HD static const Number* transposed_place(const Fragment& f, const Number* rows, int stride) {
    return rows + f.lane % 16 * stride + f.lane / 16 * 8;
  }
  template <class Thread>
  CTP_HD static void transposed(const Thread& t, const Number* place, int offset, int /*stride*/,
                                std::uint32_t (&b)[4]) {
    t.load_transposed(place, offset, b);
  }
  template <int Columns>
  CTP_HD static void weights(const float (&of)[Columns][4], int step, std::uint32_t (&a)[4]) {
    const float(&low)[4] = of[2 * step];
    const float(&high)[4] = of[2 * step + 1];
    a[0] = bfloat16_pair(low[0], low[1]);
    a[1] = bfloat16_pair(low[2], low[3]);
    a[2] = bfloat16_pair(high[0], high[1]);
    a[3] = bfloat16_pair(high[2], high[3]);
  }
  template <class Thread>
  CTP_HD static void multiply(const Thread& t, float (&c)[4], const std::uint32_t (&a)[4], std::uint32_t b0,
                              std::uint32_t b1) {
    const std::uint32_t b[2] = {b0, b1};
    t.mma(c, a, b);
  }

 private:
  CTP_HD static std::uint32_t word(const Pair<float>& pair) { return bfloat16_pair(pair.x[0], pair.x[1]); }
  CTP_HD static std::uint32_t word(const Pair<std::uint16_t>& pair) {
    return static_cast<std::uint32_t>(pair.x[0]) | static_cast<std::uint32_t>(pair.x[1]) << 16U;
  }
};

/// @brief Operands in TF32, as Bf16Form: one product reads 8 numbers of each row. In both operands a lane's places p
/// and p + 4 hold the neighbours 2 p and 2 p + 1: this permutes the eight terms of a sum, and puts results into the
/// lanes in which the next left operand needs them.
struct Tf32Form {
  using Number = std::uint32_t;
  using Source = float;
  static constexpr int depth = 8;

  CTP_HD static void store(const Quad<float>& q, Number* to) {
    write_wide(to, Quad<std::uint32_t>{{tf32_bits(q.x[0]), tf32_bits(q.x[1]), tf32_bits(q.x[2]), tf32_bits(q.x[3])}});
  }
  template <class Pairs>
  CTP_HD static void left(const Pairs& pair, std::uint32_t& first, std::uint32_t& second) {
    const Pair<float> both = pair(0);
    first = tf32_bits(both.x[0]);
    second = tf32_bits(both.x[1]);
  }
  template <int Steps>
  CTP_HD static Pair<float> left_pair(const std::uint32_t (&of)[Steps][4], int n, int half) {
    return {{__builtin_bit_cast(float, of[n][half]), __builtin_bit_cast(float, of[n][half + 2])}};
  }
  CTP_HD static const Number* right_place(const Fragment& f, const Number* rows, int stride) {
    return rows + f.group * stride + f.pair * 2;
  }
  template <class Thread>
  CTP_HD static void right(const Thread& /*t*/, const Number* place, int offset, int /*stride*/,
                           std::uint32_t (&b)[4]) {
    for (int i = 0; i < 4; ++i) b[i] = place[offset + i / 2 * depth + i % 2];
  }
  CTP_HD static const Number* transposed_place(const Fragment& f, const Number* rows, int stride) {
    return rows + f.pair * 2 * stride + f.group;
  }
  template <class Thread>
  CTP_HD static void transposed(const Thread& /*t*/, const Number* place, int offset, int stride,
                                std::uint32_t (&b)[4]) {
    for (int i = 0; i < 4; ++i) b[i] = place[offset + i % 2 * stride + i / 2 * 8];
  }
  template <int Columns>
  CTP_HD static void weights(const float (&of)[Columns][4], int step, std::uint32_t (&a)[4]) {
    const float(&w)[4] = of[step];
    a[0] = tf32_bits(w[0]);
    a[1] = tf32_bits(w[2]);
    a[2] = tf32_bits(w[1]);
    a[3] = tf32_bits(w[3]);
  }
  template <class Thread>
  CTP_HD static void multiply(const Thread& t, float (&c)[4], const std::uint32_t (&a)[4], std::uint32_t b0,
                              std::uint32_t b1) {
    const std::uint32_t b[2] = {b0, b1};
    t.mma_tf32(c, a, b);
  }
};

}  // namespace ctp::backend::cuda::kernel
