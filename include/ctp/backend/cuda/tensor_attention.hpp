/// @file   ctp/backend/cuda/tensor_attention.hpp
/// @brief  Multi-head attention on tensor cores, with operands rounded to bfloat16 or TF32.
/// @layer  backend
///
/// A block of four warps computes 64 rows of one side of a head, a warp 16 of these rows, in a loop over the other side
/// by 64 rows. Scores stay in registers. The forward pass keeps a running maximum and a running sum of the softmax for
/// each row, and saves the logarithm of the sum; the backward pass recomputes the weights from the saved logarithm.
/// Products are `mma` with sums in single precision (kernel/tensor_tile.hpp); all else is single precision. No atomics.
///
/// **Source.** Dao et al. 2022, arXiv:2205.14135, algorithms 1 and 4, with one pass for dq and one for dk and dv.
#pragma once

#include <cmath>
#include <cstdint>

#include <ctp/backend/attention_shape.hpp>
#include <ctp/backend/cuda/kernel/attention_head.hpp>
#include <ctp/backend/cuda/kernel/launch.hpp>
#include <ctp/backend/cuda/kernel/packed.hpp>
#include <ctp/backend/cuda/kernel/tensor_tile.hpp>
#include <ctp/config.hpp>
#include <ctp/core/functional.hpp>

namespace ctp::backend::cuda {

namespace kernel {

/// Sum, or maximum, over the four lanes that share a row.
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

/// Head and tile of a block.
struct TileOfHead {
  Head head;
  Index first;
  CTP_HD TileOfHead(Index block, Index rows, const AttentionShape& s)
      : head(block / tiles(rows), s), first(block % tiles(rows) * tile_rows) {}
  CTP_HD static Index tiles(Index rows) { return (rows + tile_rows - 1) / tile_rows; }
};

/// Forward pass: o and, unless log_sum is null, the logarithm of each query's softmax sum.
template <class Form, int Width>
struct TensorAttention {
  static constexpr bool cooperative = true;
  static constexpr int threads = tile_threads;
  static constexpr std::size_t shared_bytes =
      sizeof(typename Form::Number) * (Tile<Form, Width>::rows_size + Tile<Form, Width>::columns_size);
  AttentionShape s;
  const float *q, *k, *v, *key_bias;
  Dropout dropout;
  float* log_sum;
  Stored<float> o;

  template <class Thread>
  CTP_HD void operator()(const Thread& t) const {
    const TileOfHead tile(t.block(), s.queries, s);
    const Head& head = tile.head;
    auto* const key_rows = t.template shared<typename Form::Number>();
    auto* const value_columns = key_rows + Tile<Form, Width>::rows_size;
    const Fragment f(t.id() % warp_size);
    const Index row = tile.first + t.id() / warp_size * 16;
    const float scale = 1.F / std::sqrt(static_cast<float>(Width));
    LeftOperands<Form, Width> queries;
    Tile<Form, Width>::left(q + head.q(s), s.q_stride, row, s.queries, f, queries);
    float out[Width / 8][4] = {}, top[2] = {-INFINITY, -INFINITY}, total[2] = {};
    for (Index first = 0; first < s.keys; first += tile_rows) {
      t.sync();
      Tile<Form, Width>::load(t, k + head.k(s), s.k_stride, first, s.keys, key_rows,
                              static_cast<typename Form::Number*>(nullptr));
      Tile<Form, Width>::load(t, v + head.v(s), s.v_stride, first, s.keys, static_cast<typename Form::Number*>(nullptr),
                              value_columns);
      t.sync();
      float p[tile_rows / 8][4] = {};
      multiply_by_rows<Form, Width>(t, f, queries, key_rows, p);
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
      add_weighted_rows<Form, Width>(t, f, p, value_columns, out);
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

/// Backward pass for dq: a block computes 64 queries.
template <class Form, int Width>
struct TensorQueryGradient {
  static constexpr bool cooperative = true;
  static constexpr int threads = tile_threads;
  static constexpr std::size_t shared_bytes =
      sizeof(typename Form::Number) * (2 * Tile<Form, Width>::rows_size + Tile<Form, Width>::columns_size);
  AttentionShape s;
  const float *q, *k, *v, *key_bias;
  Dropout dropout;
  const float *log_sum, *delta, *d_o;
  float* dq;

  template <class Thread>
  CTP_HD void operator()(const Thread& t) const {
    const TileOfHead tile(t.block(), s.queries, s);
    const Head& head = tile.head;
    auto* const key_rows = t.template shared<typename Form::Number>();
    auto* const value_rows = key_rows + Tile<Form, Width>::rows_size;
    auto* const key_columns = value_rows + Tile<Form, Width>::rows_size;
    const Fragment f(t.id() % warp_size);
    const Index row = tile.first + t.id() / warp_size * 16;
    const float scale = 1.F / std::sqrt(static_cast<float>(Width));
    LeftOperands<Form, Width> queries, changes;
    Tile<Form, Width>::left(q + head.q(s), s.q_stride, row, s.queries, f, queries);
    Tile<Form, Width>::left(d_o + head.o(s), s.heads * s.width, row, s.queries, f, changes);
    float sums[Width / 8][4] = {};
    for (Index first = 0; first < s.keys; first += tile_rows) {
      t.sync();
      Tile<Form, Width>::load(t, k + head.k(s), s.k_stride, first, s.keys, key_rows, key_columns);
      Tile<Form, Width>::load(t, v + head.v(s), s.v_stride, first, s.keys, value_rows,
                              static_cast<typename Form::Number*>(nullptr));
      t.sync();
      float score[tile_rows / 8][4] = {}, dp[tile_rows / 8][4] = {};
      multiply_by_rows<Form, Width>(t, f, queries, key_rows, score);
      multiply_by_rows<Form, Width>(t, f, changes, value_rows, dp);
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
      add_weighted_rows<Form, Width>(t, f, score, key_columns, sums);
    }
    CTP_UNROLL
    for (int n = 0; n < Width / 8; ++n) CTP_UNROLL
    for (int e = 0; e < 4; ++e) {
      const Index i = row + f.group + e / 2 * 8;
      if (i < s.queries) dq[head.q(s) + i * s.q_stride + n * 8 + f.pair * 2 + e % 2] += scale * sums[n][e];
    }
  }
};

/// Backward pass for dk and dv, either of which may be null: a block computes 64 keys.
template <class Form, int Width>
struct TensorKeyGradient {
  static constexpr bool cooperative = true;
  static constexpr int threads = tile_threads;
  static constexpr std::size_t shared_bytes =
      sizeof(typename Form::Number) * 2 * (Tile<Form, Width>::rows_size + Tile<Form, Width>::columns_size);
  AttentionShape s;
  const float *q, *k, *v, *key_bias;
  Dropout dropout;
  const float *log_sum, *delta, *d_o;
  float *dk, *dv;

  template <class Thread>
  CTP_HD void operator()(const Thread& t) const {
    const TileOfHead tile(t.block(), s.keys, s);
    const Head& head = tile.head;
    auto* const query_rows = t.template shared<typename Form::Number>();
    auto* const change_rows = query_rows + Tile<Form, Width>::rows_size;
    auto* const query_columns = change_rows + Tile<Form, Width>::rows_size;
    auto* const change_columns = query_columns + Tile<Form, Width>::columns_size;
    const Fragment f(t.id() % warp_size);
    const Index row = tile.first + t.id() / warp_size * 16;
    const float scale = 1.F / std::sqrt(static_cast<float>(Width));
    LeftOperands<Form, Width> keys, values;
    const auto load_keys = [&] { Tile<Form, Width>::left(k + head.k(s), s.k_stride, row, s.keys, f, keys); };
    const auto load_values = [&] { Tile<Form, Width>::left(v + head.v(s), s.v_stride, row, s.keys, f, values); };
    constexpr bool held = sizeof(keys) <= 64;  // the registers hold only one of the two at a time otherwise
    if constexpr (held) {
      load_keys();
      load_values();
    }
    float of_key[Width / 8][4] = {}, of_value[Width / 8][4] = {};
    for (Index first = 0; first < s.queries; first += tile_rows) {
      t.sync();
      Tile<Form, Width>::load(t, q + head.q(s), s.q_stride, first, s.queries, query_rows, query_columns);
      Tile<Form, Width>::load(t, d_o + head.o(s), s.heads * s.width, first, s.queries, change_rows, change_columns);
      t.sync();
      float p[tile_rows / 8][4] = {}, dp[tile_rows / 8][4] = {};  // both transposed: a row belongs to a key
      if constexpr (!held) load_keys();
      multiply_by_rows<Form, Width>(t, f, keys, query_rows, p);
      if constexpr (!held) load_values();
      multiply_by_rows<Form, Width>(t, f, values, change_rows, dp);
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
      add_weighted_rows<Form, Width>(t, f, dp, query_columns, of_key);
      add_weighted_rows<Form, Width>(t, f, p, change_columns, of_value);
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

/// @brief AttentionOps on tensor cores, for heads of 32 or 64 columns.
template <class Runtime>
struct TensorAttention {
  static bool takes(const AttentionShape& s) {
    return (Runtime::rounds_operands() || Runtime::multiplies_in_tf32()) && (s.width == 32 || s.width == 64);
  }

  static void forward(const AttentionShape& s, const float* q, const float* k, const float* v, const float* key_bias,
                      const Dropout& dropout, float* saved, kernel::Stored<float> o) {
    for_kernel(s, [&]<class Form, int Width>() {
      using Kernel = kernel::TensorAttention<Form, Width>;
      Runtime::launch(s.batch * s.heads * kernel::TileOfHead::tiles(s.queries), kernel::tile_threads,
                      Kernel::shared_bytes, Kernel{s, q, k, v, key_bias, dropout, saved, o});
    });
  }
  /// `delta`: <d_o, o> of each query. Any of dq, dk and dv may be null.
  static void backward(const AttentionShape& s, const float* q, const float* k, const float* v, const float* key_bias,
                       const Dropout& dropout, const float* saved, const float* delta, const float* d_o, float* dq,
                       float* dk, float* dv) {
    for_kernel(s, [&]<class Form, int Width>() {
      if (dq != nullptr) {
        using Kernel = kernel::TensorQueryGradient<Form, Width>;
        Runtime::launch(s.batch * s.heads * kernel::TileOfHead::tiles(s.queries), kernel::tile_threads,
                        Kernel::shared_bytes, Kernel{s, q, k, v, key_bias, dropout, saved, delta, d_o, dq});
      }
      if (dk != nullptr || dv != nullptr) {
        using Kernel = kernel::TensorKeyGradient<Form, Width>;
        Runtime::launch(s.batch * s.heads * kernel::TileOfHead::tiles(s.keys), kernel::tile_threads,
                        Kernel::shared_bytes, Kernel{s, q, k, v, key_bias, dropout, saved, delta, d_o, dk, dv});
      }
    });
  }

 private:
  /// Calls launch<Form, Width>() for the runtime's precision and the width of a head.
  template <class Launch>
  static void for_kernel(const AttentionShape& s, const Launch& launch) {
    const auto with_width = [&]<class Form>() {
      if (s.width == 32)
        launch.template operator()<Form, 32>();
      else
        launch.template operator()<Form, 64>();
    };
    if (Runtime::rounds_operands())
      with_width.template operator()<kernel::Bf16Form>();
    else
      with_width.template operator()<kernel::Tf32Form>();
  }
};

}  // namespace ctp::backend::cuda
