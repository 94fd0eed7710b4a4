/// @file   ctp/backend/cuda/tensor_attention_gradient.hpp
/// @brief  Backward passes of attention on tensor cores.
/// @layer  backend
///
/// The weights are recomputed from the logarithm of each query's softmax sum, which the forward pass saves.
/// **Source.** Dao et al. 2022, arXiv:2205.14135, algorithm 4.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include <ctp/backend/attention_shape.hpp>
#include <ctp/backend/cuda/kernel/attention_head.hpp>
#include <ctp/backend/cuda/kernel/head_strips.hpp>
#include <ctp/backend/cuda/kernel/kept_bits.hpp>
#include <ctp/backend/cuda/kernel/key_side.hpp>
#include <ctp/backend/cuda/kernel/packed.hpp>
#include <ctp/backend/cuda/kernel/score_terms.hpp>
#include <ctp/backend/cuda/kernel/tensor_tile.hpp>
#include <ctp/config.hpp>

namespace ctp::backend::cuda::kernel {

/// Where gradients of queries, keys and values lie, and whether they are written or added to.
struct GradientLayout {
  Index q_stride, k_stride, v_stride;
  bool overwrite;
  [[nodiscard]] CTP_HD Index query(const AttentionShape& s, const Head& head, Index i) const {
    return (head.b * s.queries + i) * q_stride + head.h * s.width;
  }
  [[nodiscard]] CTP_HD Index key(const AttentionShape& s, const Head& head, Index j) const {
    return (head.b * s.keys + j) * k_stride + head.h * s.width;
  }
  [[nodiscard]] CTP_HD Index value(const AttentionShape& s, const Head& head, Index j) const {
    return (head.b * s.keys + j) * v_stride + head.h * s.width;
  }
};

/// Backward pass for dq, and delta = <d_o, o> of each query: the term that the softmax's gradient subtracts from each
/// score's. A warp computes 16 queries; keys and values are in shared memory. `Gradient`: float, or Bfloat16, which is
/// overwritten.
template <class Form, int Width, class Gradient>
struct TensorQueryGradient : KeySide<Form, Width> {
  using Keys = KeySide<Form, Width>;
  using Keys::dropout, Keys::kept_scale, Keys::s, Keys::strips;
  static constexpr bool cooperative = true;
  static constexpr int threads = strip_warps<Form> * warp_size, least_blocks = strip_blocks<Form>;
  const typename Form::Source *q, *d_o;
  Stored<float> o;
  const float* log_sum;
  float* delta;
  GradientLayout layout;
  Gradient* dq;

  /// A strip's operands, its sums, and the logarithm of the softmax sum (in units of log 2) and delta of a lane's rows.
  struct Strip {
    LeftOperands<Form, Width> queries, changes;
    float sums[Width / 8][4] = {}, total[2] = {}, taken[2] = {};
  };

  template <class Thread>
  CTP_HD void operator()(const Thread& t) const {
    const Head head(t.block() / strips.blocks, s);
    const Index first_query = t.block() % strips.blocks * strips.strips * strip_rows;
    const HeldRows<Form, Width> held(t, strips.chunk);
    const Fragment f(t.id() % warp_size);
    const int warp = t.id() / warp_size, warps_of_block = t.threads() / warp_size;
    const bool held_once = s.keys <= strips.chunk;
    if (held_once) this->template load<strip_loads>(t, held, head, first_query, 0);
    CTP_KEEP_LOOP
    for (int turn = 0; turn < strips.strips; turn += warps_of_block) {
      const int row = (turn + warp) * strip_rows;
      const Index query = first_query + row, rows = turn + warp < strips.strips ? s.queries - query : 0;
      Strip strip;
      if (rows > 0) start(t, f, head, query, rows, strip);
      CTP_KEEP_LOOP
      for (Index first = 0; first < s.keys; first += strips.chunk) {
        if (!held_once) this->template load<strip_reloads>(t, held, head, first_query, first);
        const bool arriving = turn == 0 || !held_once;
        if (arriving) wait_for_rows<1>(t);
        if (rows <= 0) {
          if (arriving) wait_for_rows<0>(t);
          continue;
        }
        const KeptBits kept = this->kept_bits(held, head, first_query, first);
        const int n = strips.padded(s.keys, first);
        CTP_KEEP_LOOP
        for (int j = 0; j < n; j += strip_rows) add_keys(t, f, held, kept, row, j, arriving && j == 0, strip);
      }
      if (rows > 0)
        put_rows<Width>(f, strip.sums, score_scale<Width>() * log_2, layout.overwrite,
                        dq + layout.query(s, head, query), layout.q_stride, rows);
    }
  }

 private:
  template <class Thread>
  CTP_HD void start(const Thread& t, const Fragment& f, const Head& head, Index query, Index rows, Strip& strip) const {
    const Index o_stride = s.heads * s.width, first = head.o(s) + query * o_stride;
    load_left<Form, Width>(q + head.q(s) + query * s.q_stride, s.q_stride, rows, f, strip.queries);
    load_left<Form, Width>(d_o + first, o_stride, rows, f, strip.changes);
    if (o.rounded())
      multiply_rows<Form, Width>(t, f, strip.changes, o.as<const Bfloat16>() + first, o_stride, rows, strip.taken);
    else
      multiply_rows<Form, Width>(t, f, strip.changes, o.as<const float>() + first, o_stride, rows, strip.taken);
    CTP_UNROLL
    for (int half = 0; half < 2; ++half) {
      const Index i = f.group + half * 8;
      if (i >= rows) continue;
      strip.total[half] = log2_e * log_sum[head.row(s, query + i)];
      if (f.pair == 0) delta[head.row(s, query + i)] = strip.taken[half];
    }
  }
  /// Adds keys j to j + strip_rows of shared memory. `arriving`: values may be on their way.
  template <class Thread>
  CTP_HD void add_keys(const Thread& t, const Fragment& f, const HeldRows<Form, Width>& held, const KeptBits& kept,
                       int row, int j, bool arriving, Strip& strip) const {
    float p[strip_rows / 8][4] = {}, dp[strip_rows / 8][4] = {};
    multiply_by_rows<Form, Width, strip_rows>(t, f, strip.queries, held.first, j, p);
    if (arriving) wait_for_rows<0>(t);
    multiply_by_rows<Form, Width, strip_rows>(t, f, strip.changes, held.second, j, dp);
    if (dropout.active()) multiply_by_factors<strip_rows>(f, kept, kept_scale, row, j, dp);
    CTP_UNROLL
    for (int n = 0; n < strip_rows / 8; ++n) {
      const auto bias = read_wide<Pair<float>>(held.number + j + n * 8 + f.pair * 2);
      CTP_UNROLL
      for (int e = 0; e < 4; ++e) {
        const float weight = exp2_of(score_scale<Width>() * p[n][e] + (bias.x[e % 2] - strip.total[e / 2]));
        p[n][e] = weight * (dp[n][e] - strip.taken[e / 2]);
      }
    }
    add_weighted_rows<Form, Width, strip_rows>(t, f, p, held.first, j, strip.sums);
  }
};

/// Backward pass for dk and dv, either of which may be null: a warp computes 16 keys; queries and the gradients of
/// their outputs are in shared memory. `Gradient`: as TensorQueryGradient.
template <class Form, int Width, class Gradient>
struct TensorKeyGradient {
  static constexpr bool cooperative = true;
  static constexpr int threads = 4 * warp_size, least_blocks = strip_blocks<Form>;
  HeadStrips strips;
  AttentionShape s;
  const typename Form::Source *q, *k, *v, *d_o;
  const float* key_bias;
  Dropout dropout;
  float kept_scale;  ///< dropout.scale()
  const float *log_sum, *delta;
  GradientLayout layout;
  Gradient *dk, *dv;

  /// A strip's operands, its sums, and the bias of a lane's keys in units of log 2.
  struct Strip {
    LeftOperands<Form, Width> keys, values;
    float of_key[Width / 8][4] = {}, of_value[Width / 8][4] = {}, bias[2] = {};
  };

  static std::size_t kept_bytes(const HeadStrips& strips) {
    return KeptBits::bytes(strips.chunk, chunks_of_keys(strips));
  }

  template <class Thread>
  CTP_HD void operator()(const Thread& t) const {
    const Head head(t.block() / strips.blocks, s);
    const Index first_key = t.block() % strips.blocks * strips.strips * strip_rows;
    const HeldRows<Form, Width> held(t, strips.chunk);
    const Fragment f(t.id() % warp_size);
    const int warp = t.id() / warp_size, warps_of_block = t.threads() / warp_size;
    const int queries = static_cast<int>(s.queries);
    const bool held_once = queries <= strips.chunk;
    if (held_once) load<strip_loads>(t, held, head, first_key, 0);
    CTP_KEEP_LOOP
    for (int turn = 0; turn < strips.strips; turn += warps_of_block) {
      const Index key = first_key + (turn + warp) * strip_rows;
      const int rows = turn + warp < strips.strips ? static_cast<int>(s.keys - key) : 0;
      Strip strip;
      if (rows > 0) start(f, head, key, rows, strip);
      CTP_KEEP_LOOP
      for (int first = 0; first < queries; first += strips.chunk) {
        if (!held_once) load<strip_reloads>(t, held, head, first_key, first);
        const bool arriving = turn == 0 || !held_once;
        if (arriving) wait_for_rows<1>(t);
        if (rows <= 0) {
          if (arriving) wait_for_rows<0>(t);
          continue;
        }
        const KeptBits kept = kept_bits(held, head, first_key, first);
        const int column = static_cast<int>(key - first_key / KeptBits::chunk_columns * KeptBits::chunk_columns);
        const int n = strips.padded(s.queries, first);
        int i = 0;
        CTP_KEEP_LOOP
        for (; i + 2 * strip_rows <= n; i += 2 * strip_rows)
          add_queries<2>(t, f, held, kept, i, column, arriving && i == 0, strip);
        CTP_KEEP_LOOP
        for (; i < n; i += strip_rows) add_queries<1>(t, f, held, kept, i, column, arriving && i == 0, strip);
      }
      if (rows > 0 && dk != nullptr)
        put_rows<Width>(f, strip.of_key, score_scale<Width>() * log_2, layout.overwrite, dk + layout.key(s, head, key),
                        layout.k_stride, rows);
      if (rows > 0 && dv != nullptr)
        put_rows<Width>(f, strip.of_value, 1.F, layout.overwrite, dv + layout.value(s, head, key), layout.v_stride,
                        rows);
    }
  }

 private:
  /// Chunks of columns that the keys of a block lie in: a block's first key need not begin a chunk.
  CTP_HD static constexpr Index chunks_of_keys(const HeadStrips& strips) {
    return KeptBits::chunks(strips.strips * strip_rows) + (strips.blocks > 1 ? 1 : 0);
  }
  CTP_HD KeptBits kept_bits(const HeldRows<Form, Width>& held, const Head& head, Index first_key, Index first) const {
    return {held.kept, head.h * s.queries + first, first_key / KeptBits::chunk_columns,
            static_cast<int>(chunks_of_keys(strips))};
  }

  CTP_HD void start(const Fragment& f, const Head& head, Index key, Index rows, Strip& strip) const {
    load_left<Form, Width>(k + head.k(s) + key * s.k_stride, s.k_stride, rows, f, strip.keys);
    load_left<Form, Width>(v + head.v(s) + key * s.v_stride, s.v_stride, rows, f, strip.values);
    CTP_UNROLL
    for (int half = 0; half < 2; ++half) {
      const Index j = f.group + half * 8;
      if (j < rows) strip.bias[half] = bias_in_log2(key_bias, head.b * s.keys + key + j);
    }
  }
  /// Starts to load queries, then gradients of outputs. Sets each query's softmax sum and delta; the sum of padding is
  /// infinite, which makes its weights 0.
  template <int InFlight, class Thread>
  CTP_HD void load(const Thread& t, const HeldRows<Form, Width>& held, const Head& head, Index first_key,
                   Index first) const {
    const int n = strips.held(s.queries, first), padded = strips.padded(s.queries, first);
    const Index o_stride = s.heads * s.width;
    t.sync();  // all threads have read the rows before
    load_rows<Form, Width, InFlight>(t, q + head.q(s) + first * s.q_stride, s.q_stride, n, padded, held.first);
    load_rows<Form, Width, InFlight>(t, d_o + head.o(s) + first * o_stride, o_stride, n, padded, held.second);
    CTP_KEEP_LOOP
    for (int i = t.id(); i < padded; i += t.threads()) {
      held.number[i] = i < n ? log2_e * log_sum[head.row(s, first + i)] : INFINITY;
      held.second_number[i] = i < n ? delta[head.row(s, first + i)] : 0.F;
    }
    if (dropout.active())
      kept_bits(held, head, first_key, first).fill(t, dropout, dropout.sample[head.b], padded, s.keys);
  }

  /// Adds `Parts` times strip_rows queries of shared memory, from query `i` on; `column` is the strip's first key
  /// among dropout's columns. All results are transposed: a row belongs to a key, a column to a query. `arriving`:
  /// gradients of outputs may be on their way.
  template <int Parts, class Thread>
  CTP_HD void add_queries(const Thread& t, const Fragment& f, const HeldRows<Form, Width>& held, const KeptBits& kept,
                          int i, int column, bool arriving, Strip& strip) const {
    float p[Parts][strip_rows / 8][4] = {};
    CTP_UNROLL
    for (int part = 0; part < Parts; ++part)
      multiply_by_rows<Form, Width, strip_rows>(t, f, strip.keys, held.first, i + part * strip_rows, p[part]);
    if (arriving) wait_for_rows<0>(t);
    CTP_UNROLL
    for (int part = 0; part < Parts; ++part)
      add_scores(t, f, held, kept, i + part * strip_rows, column, p[part], strip);
  }
  /// Adds strip_rows queries whose products with the keys are `p`.
  template <class Thread>
  CTP_HD void add_scores(const Thread& t, const Fragment& f, const HeldRows<Form, Width>& held, const KeptBits& kept,
                         int i, int column, float (&p)[strip_rows / 8][4], Strip& strip) const {
    float dp[strip_rows / 8][4] = {};
    multiply_by_rows<Form, Width, strip_rows>(t, f, strip.values, held.second, i, dp);
    std::uint32_t stays = 0;  // a bit for each result, in the order of the loops
    if (dropout.active()) {
      CTP_UNROLL
      for (int n = 0; n < strip_rows / 8; ++n) CTP_UNROLL
      for (int e = 0; e < 4; ++e) {
        const std::uint32_t bit = kept.bits(i + n * 8 + f.pair * 2 + e % 2, column + f.group + e / 2 * 8) & 1U;
        dp[n][e] = bit != 0 ? kept_scale * dp[n][e] : 0.F;
        stays |= bit << static_cast<unsigned>(n * 4 + e);
      }
    }
    CTP_UNROLL
    for (int n = 0; n < strip_rows / 8; ++n) {
      const auto total = read_wide<Pair<float>>(held.number + i + n * 8 + f.pair * 2);
      const auto taken = read_wide<Pair<float>>(held.second_number + i + n * 8 + f.pair * 2);
      CTP_UNROLL
      for (int e = 0; e < 4; ++e) {
        p[n][e] = exp2_of(score_scale<Width>() * p[n][e] + (strip.bias[e / 2] - total.x[e % 2]));
        dp[n][e] = p[n][e] * (dp[n][e] - taken.x[e % 2]);
      }
    }
    if (dropout.active()) {
      CTP_UNROLL
      for (int n = 0; n < strip_rows / 8; ++n) CTP_UNROLL
      for (int e = 0; e < 4; ++e)
        p[n][e] = (stays >> static_cast<unsigned>(n * 4 + e) & 1U) != 0 ? kept_scale * p[n][e] : 0.F;
    }
    add_weighted_rows<Form, Width, strip_rows>(t, f, dp, held.first, i, strip.of_key);
    add_weighted_rows<Form, Width, strip_rows>(t, f, p, held.second, i, strip.of_value);
  }
};

}  // namespace ctp::backend::cuda::kernel
