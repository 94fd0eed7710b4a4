/// @file   ctp/backend/cuda/tensor_attention.hpp
/// @brief  Multi-head attention on tensor cores, its operands rounded to bfloat16.
/// @layer  backend - may include: core
///
/// A block of four warps has 64 rows of one side of a head, a warp 16 of them, and goes through the other side 64 rows
/// at a time. Scores are sums in registers; of the softmax a row keeps its running maximum and sum, and the backward
/// pass the logarithm of the sum, from which it computes scores again. Products are `mma`: 16 by 8 by 16, operands
/// bfloat16, sums single precision; everything else is single precision. No atomics.
///
/// **Source.** Dao et al. 2022, arXiv:2205.14135, algorithms 1 and 4, with one pass for dq and one for dk and dv.
#pragma once

#include <cmath>
#include <cstdint>

#include <ctp/backend/attention_shape.hpp>
#include <ctp/backend/cuda/attention_head.hpp>
#include <ctp/backend/cuda/launch.hpp>
#include <ctp/backend/cuda/packed.hpp>
#include <ctp/config.hpp>
#include <ctp/core/functional.hpp>

namespace ctp::backend::cuda {

namespace kernel {

inline constexpr int tile_rows = 64, tile_threads = 128;
inline constexpr int row_gap = 8;  ///< values between rows in shared memory, so that a warp's words meet 32 banks

/// Two neighbours in one word, the first in the low half.
CTP_HD inline std::uint32_t pack(float first, float second) {
  return bfloat16_bits(first) | bfloat16_bits(second) << 16U;
}

/// What one lane holds of a matrix that a product takes or gives. In the words of PTX: group = lane / 4, pair = lane
/// % 4.
struct Fragment {
  int group, pair;
  CTP_HD explicit Fragment(int lane) : group(lane / 4), pair(lane % 4) {}
};

/// 64 rows of one side of a head in shared memory, as rows [64, Width] and, where asked for, as columns [Width, 64].
template <int Width>
struct Tile {
  static constexpr int row_stride = Width + row_gap, column_stride = tile_rows + row_gap;
  static constexpr int rows_size = tile_rows * row_stride, columns_size = Width * column_stride;

  /// Rows `first` to `first + 64` of a head that begins at `from`; those from `n` on are zero. Either may be null.
  template <class Thread>
  CTP_HD static void load(const Thread& t, const float* from, Index stride, Index first, Index n, std::uint16_t* rows,
                          std::uint16_t* columns) {
    for (int e = t.id(); e < tile_rows * Width; e += t.threads()) {
      const int row = e / Width, column = e % Width;
      const float x = first + row < n ? from[(first + row) * stride + column] : 0.F;
      const auto bits = static_cast<std::uint16_t>(bfloat16_bits(x));
      if (rows != nullptr) rows[row * row_stride + column] = bits;
      if (columns != nullptr) columns[column * column_stride + row] = bits;
    }
  }
  /// The right operand for columns n to n + 8 of a product over step k to k + 16: element (k, n) lies at
  /// from[n * stride + k].
  CTP_HD static void right(const std::uint16_t* from, int stride, int n, int k, const Fragment& f,
                           std::uint32_t (&b)[2]) {
    const std::uint16_t* at = from + (n + f.group) * stride + k + f.pair * 2;
    b[0] = static_cast<std::uint32_t>(at[0]) | static_cast<std::uint32_t>(at[1]) << 16U;
    b[1] = static_cast<std::uint32_t>(at[8]) | static_cast<std::uint32_t>(at[9]) << 16U;
  }
  /// The left operands of all steps over Width, of the 16 rows from `row` on; rows from `n` on are zero.
  CTP_HD static void left(const float* from, Index stride, Index row, Index n, const Fragment& f,
                          std::uint32_t (&a)[Width / 16][4]) {
    CTP_UNROLL
    for (int k = 0; k < Width / 16; ++k) CTP_UNROLL
    for (int part = 0; part < 4; ++part) {
      const Index r = row + f.group + part % 2 * 8;
      const float* at = from + r * stride + k * 16 + f.pair * 2 + part / 2 * 8;
      a[k][part] = r < n ? pack(at[0], at[1]) : 0U;
    }
  }
};

/// sums [16, 64] += left [16, Width] times the 64 rows of a tile, turned.
template <int Width, class Thread>
CTP_HD void multiply_by_rows(const Thread& t, const Fragment& f, const std::uint32_t (&left)[Width / 16][4],
                             const std::uint16_t* rows, float (&sums)[tile_rows / 8][4]) {
  CTP_UNROLL
  for (int n = 0; n < tile_rows / 8; ++n) CTP_UNROLL
  for (int k = 0; k < Width / 16; ++k) {
    std::uint32_t b[2];
    Tile<Width>::right(rows, Tile<Width>::row_stride, n * 8, k * 16, f, b);
    t.mma(sums[n], left[k], b);
  }
}

/// sums [16, Width] += weights [16, 64] times the 64 rows of a tile, given as columns. A product's result lies in the
/// lanes as the left operand of the next one wants it.
template <int Width, class Thread>
CTP_HD void add_weighted_rows(const Thread& t, const Fragment& f, const float (&weights)[tile_rows / 8][4],
                              const std::uint16_t* columns, float (&sums)[Width / 8][4]) {
  CTP_UNROLL
  for (int k = 0; k < tile_rows / 16; ++k) {
    const float(&low)[4] = weights[2 * k];
    const float(&high)[4] = weights[2 * k + 1];
    const std::uint32_t a[4] = {pack(low[0], low[1]), pack(low[2], low[3]), pack(high[0], high[1]),
                                pack(high[2], high[3])};
    CTP_UNROLL
    for (int n = 0; n < Width / 8; ++n) {
      std::uint32_t b[2];
      Tile<Width>::right(columns, Tile<Width>::column_stride, n * 8, k * 16, f, b);
      t.mma(sums[n], a, b);
    }
  }
}

/// The four lanes that share a row agree on a sum, or on a maximum.
template <class Thread>
CTP_HD float sum_of_row(const Thread& t, float x) {
  x += t.shuffle_xor(x, 1);
  return x + t.shuffle_xor(x, 2);
}
template <class Thread>
CTP_HD float max_of_row(const Thread& t, float x) {
  const float near = t.shuffle_xor(x, 1);
  x = near > x ? near : x;
  const float far = t.shuffle_xor(x, 2);
  return far > x ? far : x;
}

/// Which tile of which head a block has.
struct TileOfHead {
  Head head;
  Index first;
  CTP_HD TileOfHead(Index block, Index rows, const AttentionShape& s)
      : head(block / tiles(rows), s), first(block % tiles(rows) * tile_rows) {}
  CTP_HD static Index tiles(Index rows) { return (rows + tile_rows - 1) / tile_rows; }
};

/// o and, where it is not null, the logarithm of each query's sum.
template <int Width>
struct TensorAttention {
  static constexpr bool cooperative = true;
  static constexpr int threads = tile_threads;
  static constexpr std::size_t shared_bytes =
      sizeof(std::uint16_t) * (Tile<Width>::rows_size + Tile<Width>::columns_size);
  AttentionShape s;
  const float *q, *k, *v, *key_bias;
  Dropout dropout;
  float* log_sum;
  Stored<float> o;

  template <class Thread>
  CTP_HD void operator()(const Thread& t) const {
    const TileOfHead tile(t.block(), s.queries, s);
    const Head& head = tile.head;
    auto* const key_rows = t.template shared<std::uint16_t>();
    auto* const value_columns = key_rows + Tile<Width>::rows_size;
    const Fragment f(t.id() % warp_size);
    const Index row = tile.first + t.id() / warp_size * 16;
    const float scale = 1.F / std::sqrt(static_cast<float>(Width));
    std::uint32_t queries[Width / 16][4];
    Tile<Width>::left(q + head.q(s), s.q_stride, row, s.queries, f, queries);
    float out[Width / 8][4] = {}, top[2] = {-INFINITY, -INFINITY}, total[2] = {};
    for (Index first = 0; first < s.keys; first += tile_rows) {
      t.sync();
      Tile<Width>::load(t, k + head.k(s), s.k_stride, first, s.keys, key_rows, static_cast<std::uint16_t*>(nullptr));
      Tile<Width>::load(t, v + head.v(s), s.v_stride, first, s.keys, static_cast<std::uint16_t*>(nullptr),
                        value_columns);
      t.sync();
      float p[tile_rows / 8][4] = {};
      multiply_by_rows<Width>(t, f, queries, key_rows, p);
      float largest[2] = {-INFINITY, -INFINITY};
      CTP_UNROLL
      for (int n = 0; n < tile_rows / 8; ++n) CTP_UNROLL
      for (int e = 0; e < 4; ++e) {
        const Index j = first + n * 8 + f.pair * 2 + e % 2;
        float& x = p[n][e];
        x = j < s.keys ? scale * x + (key_bias != nullptr ? key_bias[head.b * s.keys + j] : 0.F) : -INFINITY;
        if (x > largest[e / 2]) largest[e / 2] = x;
      }
      float keep[2];
      CTP_UNROLL
      for (int half = 0; half < 2; ++half) {
        const float before = top[half], now = max_of_row(t, largest[half]);
        top[half] = now > before ? now : before;
        keep[half] = fn::exp(before - top[half]);
        total[half] *= keep[half];
      }
      CTP_UNROLL
      for (int n = 0; n < tile_rows / 8; ++n) CTP_UNROLL
      for (int e = 0; e < 4; ++e) {
        const Index i = row + f.group + e / 2 * 8, j = first + n * 8 + f.pair * 2 + e % 2;
        const float weight = fn::exp(p[n][e] - top[e / 2]);
        total[e / 2] += weight;
        p[n][e] = i < s.queries && j < s.keys ? weight * attention_factor<float>(dropout, s, head, i, j) : 0.F;
      }
      CTP_UNROLL
      for (int n = 0; n < Width / 8; ++n) CTP_UNROLL
      for (int e = 0; e < 4; ++e) out[n][e] *= keep[e / 2];
      add_weighted_rows<Width>(t, f, p, value_columns, out);
    }
    CTP_UNROLL
    for (int half = 0; half < 2; ++half) {
      const Index i = row + f.group + half * 8;
      const float sum = sum_of_row(t, total[half]);
      if (i >= s.queries) continue;
      CTP_UNROLL
      for (int n = 0; n < Width / 8; ++n) CTP_UNROLL
      for (int e = 0; e < 2; ++e)
        o.set(head.o(s) + i * s.heads * s.width + n * 8 + f.pair * 2 + e, out[n][half * 2 + e] / sum);
      if (log_sum != nullptr && f.pair == 0) log_sum[head.row(s, i)] = top[half] + std::log(sum);
    }
  }
};

/// dq: a block has 64 queries.
template <int Width>
struct TensorQueryGradient {
  static constexpr bool cooperative = true;
  static constexpr int threads = tile_threads;
  static constexpr std::size_t shared_bytes =
      sizeof(std::uint16_t) * (2 * Tile<Width>::rows_size + Tile<Width>::columns_size);
  AttentionShape s;
  const float *q, *k, *v, *key_bias;
  Dropout dropout;
  const float *log_sum, *delta, *d_o;
  float* dq;

  template <class Thread>
  CTP_HD void operator()(const Thread& t) const {
    const TileOfHead tile(t.block(), s.queries, s);
    const Head& head = tile.head;
    auto* const key_rows = t.template shared<std::uint16_t>();
    auto* const value_rows = key_rows + Tile<Width>::rows_size;
    auto* const key_columns = value_rows + Tile<Width>::rows_size;
    const Fragment f(t.id() % warp_size);
    const Index row = tile.first + t.id() / warp_size * 16;
    const float scale = 1.F / std::sqrt(static_cast<float>(Width));
    std::uint32_t queries[Width / 16][4], changes[Width / 16][4];
    Tile<Width>::left(q + head.q(s), s.q_stride, row, s.queries, f, queries);
    Tile<Width>::left(d_o + head.o(s), s.heads * s.width, row, s.queries, f, changes);
    float sums[Width / 8][4] = {};
    for (Index first = 0; first < s.keys; first += tile_rows) {
      t.sync();
      Tile<Width>::load(t, k + head.k(s), s.k_stride, first, s.keys, key_rows, key_columns);
      Tile<Width>::load(t, v + head.v(s), s.v_stride, first, s.keys, value_rows, static_cast<std::uint16_t*>(nullptr));
      t.sync();
      float score[tile_rows / 8][4] = {}, dp[tile_rows / 8][4] = {};
      multiply_by_rows<Width>(t, f, queries, key_rows, score);
      multiply_by_rows<Width>(t, f, changes, value_rows, dp);
      CTP_UNROLL
      for (int n = 0; n < tile_rows / 8; ++n) CTP_UNROLL
      for (int e = 0; e < 4; ++e) {
        const Index i = row + f.group + e / 2 * 8, j = first + n * 8 + f.pair * 2 + e % 2;
        float& x = score[n][e];
        if (i < s.queries && j < s.keys) {
          const float bias = key_bias != nullptr ? key_bias[head.b * s.keys + j] : 0.F;
          x = fn::exp(scale * x + bias - log_sum[head.row(s, i)]) *
              (attention_factor<float>(dropout, s, head, i, j) * dp[n][e] - delta[head.row(s, i)]);
        } else {
          x = 0.F;
        }
      }
      add_weighted_rows<Width>(t, f, score, key_columns, sums);
    }
    CTP_UNROLL
    for (int n = 0; n < Width / 8; ++n) CTP_UNROLL
    for (int e = 0; e < 4; ++e) {
      const Index i = row + f.group + e / 2 * 8;
      if (i < s.queries) dq[head.q(s) + i * s.q_stride + n * 8 + f.pair * 2 + e % 2] += scale * sums[n][e];
    }
  }
};

/// dk and dv, either of which may be null: a block has 64 keys.
template <int Width>
struct TensorKeyGradient {
  static constexpr bool cooperative = true;
  static constexpr int threads = tile_threads;
  static constexpr std::size_t shared_bytes =
      sizeof(std::uint16_t) * 2 * (Tile<Width>::rows_size + Tile<Width>::columns_size);
  AttentionShape s;
  const float *q, *k, *v, *key_bias;
  Dropout dropout;
  const float *log_sum, *delta, *d_o;
  float *dk, *dv;

  template <class Thread>
  CTP_HD void operator()(const Thread& t) const {
    const TileOfHead tile(t.block(), s.keys, s);
    const Head& head = tile.head;
    auto* const query_rows = t.template shared<std::uint16_t>();
    auto* const change_rows = query_rows + Tile<Width>::rows_size;
    auto* const query_columns = change_rows + Tile<Width>::rows_size;
    auto* const change_columns = query_columns + Tile<Width>::columns_size;
    const Fragment f(t.id() % warp_size);
    const Index row = tile.first + t.id() / warp_size * 16;
    const float scale = 1.F / std::sqrt(static_cast<float>(Width));
    std::uint32_t keys[Width / 16][4], values[Width / 16][4];
    Tile<Width>::left(k + head.k(s), s.k_stride, row, s.keys, f, keys);
    Tile<Width>::left(v + head.v(s), s.v_stride, row, s.keys, f, values);
    float of_key[Width / 8][4] = {}, of_value[Width / 8][4] = {};
    for (Index first = 0; first < s.queries; first += tile_rows) {
      t.sync();
      Tile<Width>::load(t, q + head.q(s), s.q_stride, first, s.queries, query_rows, query_columns);
      Tile<Width>::load(t, d_o + head.o(s), s.heads * s.width, first, s.queries, change_rows, change_columns);
      t.sync();
      float p[tile_rows / 8][4] = {}, dp[tile_rows / 8][4] = {};  // both turned: a row is a key's
      multiply_by_rows<Width>(t, f, keys, query_rows, p);
      multiply_by_rows<Width>(t, f, values, change_rows, dp);
      CTP_UNROLL
      for (int n = 0; n < tile_rows / 8; ++n) CTP_UNROLL
      for (int e = 0; e < 4; ++e) {
        const Index j = row + f.group + e / 2 * 8, i = first + n * 8 + f.pair * 2 + e % 2;
        if (i < s.queries && j < s.keys) {
          const float bias = key_bias != nullptr ? key_bias[head.b * s.keys + j] : 0.F;
          const float weight = fn::exp(scale * p[n][e] + bias - log_sum[head.row(s, i)]);
          const float factor = attention_factor<float>(dropout, s, head, i, j);
          dp[n][e] = weight * (factor * dp[n][e] - delta[head.row(s, i)]);
          p[n][e] = weight * factor;
        } else {
          dp[n][e] = p[n][e] = 0.F;
        }
      }
      add_weighted_rows<Width>(t, f, dp, query_columns, of_key);
      add_weighted_rows<Width>(t, f, p, change_columns, of_value);
    }
    CTP_UNROLL
    for (int n = 0; n < Width / 8; ++n) CTP_UNROLL
    for (int e = 0; e < 4; ++e) {
      const Index j = row + f.group + e / 2 * 8, c = n * 8 + f.pair * 2 + e % 2;
      if (j >= s.keys) continue;
      if (dk != nullptr) dk[head.k(s) + j * s.k_stride + c] += scale * of_key[n][e];
      if (dv != nullptr) dv[head.v(s) + j * s.v_stride + c] += of_value[n][e];
    }
  }
};

}  // namespace kernel

/// @brief As Attention, on tensor cores. For heads of 32 or 64 columns.
template <class Runtime>
struct TensorAttention {
  static constexpr bool takes(const AttentionShape& s) { return s.width == 32 || s.width == 64; }

  static void forward(const AttentionShape& s, const float* q, const float* k, const float* v, const float* key_bias,
                      const Dropout& dropout, float* saved, kernel::Stored<float> o) {
    for_width(s, [&]<int Width>() {
      using Kernel = kernel::TensorAttention<Width>;
      Runtime::launch(s.batch * s.heads * kernel::TileOfHead::tiles(s.queries), kernel::tile_threads,
                      Kernel::shared_bytes, Kernel{s, q, k, v, key_bias, dropout, saved, o});
    });
  }
  /// `delta`: <d_o, o> of each query. Any of dq, dk and dv may be null.
  static void backward(const AttentionShape& s, const float* q, const float* k, const float* v, const float* key_bias,
                       const Dropout& dropout, const float* saved, const float* delta, const float* d_o, float* dq,
                       float* dk, float* dv) {
    for_width(s, [&]<int Width>() {
      if (dq != nullptr) {
        using Kernel = kernel::TensorQueryGradient<Width>;
        Runtime::launch(s.batch * s.heads * kernel::TileOfHead::tiles(s.queries), kernel::tile_threads,
                        Kernel::shared_bytes, Kernel{s, q, k, v, key_bias, dropout, saved, delta, d_o, dq});
      }
      if (dk != nullptr || dv != nullptr) {
        using Kernel = kernel::TensorKeyGradient<Width>;
        Runtime::launch(s.batch * s.heads * kernel::TileOfHead::tiles(s.keys), kernel::tile_threads,
                        Kernel::shared_bytes, Kernel{s, q, k, v, key_bias, dropout, saved, delta, d_o, dk, dv});
      }
    });
  }

 private:
  template <class Launch>
  static void for_width(const AttentionShape& s, const Launch& launch) {
    if (s.width == 32)
      launch.template operator()<32>();
    else
      launch.template operator()<64>();
  }
};

}  // namespace ctp::backend::cuda
