/// @file   ctp/backend/cuda/attention.hpp
/// @brief  Multi-head attention with scores in shared memory: no matrix of scores is written to global memory.
/// @layer  backend
///
/// A block computes one head of one sample. The block holds as many keys and values (in the pass for dk and dv: queries
/// and output gradients) in shared memory as fit, in most models all; a warp computes one row of the other side at a
/// time, with the row's scores in shared memory too. The forward pass saves one number for each query, the logarithm of
/// the softmax's sum; the backward pass recomputes the scores. No atomics: every sum has one owner and one order. When
/// a warp writes its next row into shared memory, slower lanes may still read the warp's weights but never its rows, so
/// the barrier after the rows is enough.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <type_traits>

#include <ctp/backend/attention_shape.hpp>
#include <ctp/backend/cuda/kernel/attention_head.hpp>
#include <ctp/backend/cuda/kernel/launch.hpp>
#include <ctp/backend/cuda/tensor_attention.hpp>
#include <ctp/core/functional.hpp>

namespace ctp::backend::cuda {

namespace kernel {

inline constexpr int attention_threads = 256, attention_warps = attention_threads / warp_size;
/// Blocks for a multiprocessor. A head of 197 rows of 64 fills its shared memory with one block; shorter heads leave
/// room for several.
inline constexpr int attention_blocks = 3;

/// Rows of one head in shared memory, swizzled so that a warp accesses 32 banks both along a row and along a column.
template <class Real>
struct HeadRows {
  Real* memory;
  Index width;

  [[nodiscard]] CTP_HD Real& at(Index row, Index column) const {
    return memory[row * width + (width % warp_size == 0 ? column ^ (row % warp_size) : column)];
  }
  /// Loads rows `first` to `first + n` of a head that begins at element `begin` of `from`. `From`: pointer or Stored.
  template <class Thread, class From>
  CTP_HD void load(const Thread& t, const From& from, Index begin, Index stride, Index first, Index n) const {
    for (Index e = t.id(); e < n * width; e += t.threads())
      at(e / width, e % width) = from[begin + (first + e / width) * stride + e % width];
  }
  /// Inner product of a row and `other`.
  [[nodiscard]] CTP_HD Real dot(Index row, const Real* other) const {
    Real sum = 0;
    for (Index c = 0; c < width; ++c) sum += at(row, c) * other[c];
    return sum;
  }
  /// sum_r weight[r] row[r][column] over the first n rows.
  [[nodiscard]] CTP_HD Real mix(Index n, const Real* weight, Index column) const {
    Real sum = 0;
    for (Index r = 0; r < n; ++r) sum += weight[r] * at(r, column);
    return sum;
  }
};

/// Layout of a block's shared memory: two chunks of rows, then for each warp two rows of `width` and two rows of
/// `chunk` values.
template <class Real, class Thread>
struct HeadMemory {
  HeadRows<Real> first, second;
  Real *row_a, *row_b, *weight_a, *weight_b;

  CTP_HD HeadMemory(const Thread& t, Index chunk, Index width) {
    Real* memory = t.template shared<Real>();
    first = {memory, width};
    second = {memory + chunk * width, width};
    row_a = memory + 2 * chunk * width + t.id() / warp_size * 2 * (width + chunk);
    row_b = row_a + width;
    weight_a = row_b + width;
    weight_b = weight_a + chunk;
  }
};

/// Bytes of shared memory for a chunk of rows, and the longest chunk that fits.
constexpr std::size_t head_memory_bytes(Index chunk, Index width, std::size_t size) {
  return size * static_cast<std::size_t>(2 * chunk * width + attention_warps * 2 * (width + chunk));
}
constexpr Index longest_chunk(Index rows, Index width, std::size_t size, std::size_t limit) {
  const auto values = static_cast<Index>(limit / size) - attention_warps * 2 * width;
  const Index fits = std::min<Index>(rows, values / (2 * width + 2 * attention_warps));
  if (fits <= 0) return 0;
  const Index chunks = (rows + fits - 1) / fits;
  return (rows + chunks - 1) / chunks;  // chunks of equal length
}

/// Forward pass: o, and in log_sum the logarithm of each query's softmax sum. log_sum may be null if one chunk holds
/// all keys.
template <class Real>
struct Attention {
  static constexpr bool cooperative = true;
  static constexpr int threads = attention_threads, least_blocks = attention_blocks;
  AttentionShape s;
  Stored<Real> q, k, v;
  const Real* key_bias;
  Dropout dropout;
  Index chunk;
  Real *log_sum, *o;

  template <class Thread>
  CTP_HD void operator()(const Thread& t) const {
    const Head head(t.block(), s);
    const HeadMemory<Real, Thread> shared(t, chunk, s.width);
    for (Index first = 0; first < s.keys; first += chunk) {
      const Index n = chunk < s.keys - first ? chunk : s.keys - first;
      t.sync();  // all threads have read the previous chunk
      shared.first.load(t, k, head.k(s), s.k_stride, first, n);
      shared.second.load(t, v, head.v(s), s.v_stride, first, n);
      t.sync();
      for (Index i = t.id() / warp_size; i < s.queries; i += t.threads() / warp_size)
        query(t, head, shared, first, n, i);
    }
  }

 private:
  template <class Thread>
  CTP_HD void query(const Thread& t, const Head& head, const HeadMemory<Real, Thread>& shared, Index first, Index n,
                    Index i) const {
    const Warp<Thread> warp(t);
    const Real scale = Real(1) / std::sqrt(static_cast<Real>(s.width));
    for (Index c = warp.lane(); c < s.width; c += warp_size) shared.row_a[c] = q[head.q(s) + i * s.q_stride + c];
    t.sync_warp();
    Real *score = shared.weight_a, top = -INFINITY,
         total = 0;  // each lane reads only the elements that it wrote itself
    for (Index j = warp.lane(); j < n; j += warp_size) {
      score[j] = scale * shared.first.dot(j, shared.row_a);
      if (key_bias != nullptr) score[j] += key_bias[head.b * s.keys + first + j];
      top = score[j] > top ? score[j] : top;
    }
    top = warp.max(top);
    for (Index j = warp.lane(); j < n; j += warp_size) total += fn::exp(score[j] - top);
    // Weight of the previous chunks relative to this chunk.
    Real log_total = top + std::log(warp.sum(total)), keep = 0;
    if (first > 0) {
      const Real before = log_sum[head.row(s, i)], larger = before > log_total ? before : log_total;
      log_total = larger + std::log(fn::exp(before - larger) + fn::exp(log_total - larger));
      keep = fn::exp(before - log_total);
    }
    for (Index j = warp.lane(); j < n; j += warp_size)
      shared.weight_a[j] = fn::exp(score[j] - log_total) * attention_factor<Real>(dropout, s, head, i, first + j);
    t.sync_warp();
    for (Index c = warp.lane(); c < s.width; c += warp_size) {
      Real& out = o[head.o(s) + i * s.heads * s.width + c];
      const Real mixed = shared.second.mix(n, shared.weight_a, c);
      out = first > 0 ? keep * out + mixed : mixed;
    }
    if (log_sum != nullptr && warp.lane() == 0) log_sum[head.row(s, i)] = log_total;
  }
};

/// delta = <d_o, o> for each query of each head: the term that the softmax's gradient subtracts from each score's.
template <class Real>
struct AttentionDelta {
  AttentionShape s;
  Stored<Real> o, d_o;
  Real* delta;

  template <class Thread>
  CTP_HD void operator()(const Warp<Thread>& warp, Index row) const {
    const Index i = row % s.queries, at = Head(row / s.queries, s).o(s) + i * s.heads * s.width;
    Real sum = 0;
    for (Index c = warp.lane(); c < s.width; c += warp_size) sum += d_o[at + c] * o[at + c];
    sum = warp.sum(sum);
    if (warp.lane() == 0) delta[row] = sum;
  }
};

/// Backward pass for dq: keys and values in shared memory; a warp computes one query at a time.
template <class Real>
struct AttentionQueryGradient {
  static constexpr bool cooperative = true;
  static constexpr int threads = attention_threads, least_blocks = attention_blocks;
  AttentionShape s;
  Stored<Real> q, k, v, d_o;
  const Real* key_bias;
  Dropout dropout;
  Index chunk;
  const Real *log_sum, *delta;
  bool overwrite;
  Real* dq;

  template <class Thread>
  CTP_HD void operator()(const Thread& t) const {
    const Head head(t.block(), s);
    const HeadMemory<Real, Thread> shared(t, chunk, s.width);
    const Warp<Thread> warp(t);
    const Real scale = Real(1) / std::sqrt(static_cast<Real>(s.width));
    for (Index first = 0; first < s.keys; first += chunk) {
      const Index n = chunk < s.keys - first ? chunk : s.keys - first;
      t.sync();
      shared.first.load(t, k, head.k(s), s.k_stride, first, n);
      shared.second.load(t, v, head.v(s), s.v_stride, first, n);
      t.sync();
      for (Index i = t.id() / warp_size; i < s.queries; i += t.threads() / warp_size) {
        for (Index c = warp.lane(); c < s.width; c += warp_size) {
          shared.row_a[c] = q[head.q(s) + i * s.q_stride + c];
          shared.row_b[c] = d_o[head.o(s) + i * s.heads * s.width + c];
        }
        t.sync_warp();
        const Real log_total = log_sum[head.row(s, i)], taken = delta[head.row(s, i)];
        for (Index j = warp.lane(); j < n; j += warp_size) {
          Real score = scale * shared.first.dot(j, shared.row_a);
          if (key_bias != nullptr) score += key_bias[head.b * s.keys + first + j];
          const Real dp = attention_factor<Real>(dropout, s, head, i, first + j) * shared.second.dot(j, shared.row_b);
          shared.weight_a[j] = fn::exp(score - log_total) * (dp - taken);
        }
        t.sync_warp();
        for (Index c = warp.lane(); c < s.width; c += warp_size)
          put(first, scale * shared.first.mix(n, shared.weight_a, c), dq[head.q(s) + i * s.q_stride + c]);
      }
    }
  }

 private:
  /// Adds the terms of the chunk that begins at `first`; the first chunk overwrites if `overwrite` is set.
  CTP_HD void put(Index first, Real terms, Real& to) const { to = overwrite && first == 0 ? terms : to + terms; }
};

/// Backward pass for dk and dv, either of which may be null: queries and output gradients in shared memory; a warp
/// computes one key at a time.
template <class Real>
struct AttentionKeyGradient {
  static constexpr bool cooperative = true;
  static constexpr int threads = attention_threads, least_blocks = attention_blocks;
  AttentionShape s;
  Stored<Real> q, k, v, d_o;
  const Real* key_bias;
  Dropout dropout;
  Index chunk;
  const Real *log_sum, *delta;
  bool overwrite;
  Real *dk, *dv;

  template <class Thread>
  CTP_HD void operator()(const Thread& t) const {
    const Head head(t.block(), s);
    const HeadMemory<Real, Thread> shared(t, chunk, s.width);
    const Warp<Thread> warp(t);
    const Real scale = Real(1) / std::sqrt(static_cast<Real>(s.width));
    for (Index first = 0; first < s.queries; first += chunk) {
      const Index n = chunk < s.queries - first ? chunk : s.queries - first;
      t.sync();
      shared.first.load(t, q, head.q(s), s.q_stride, first, n);
      shared.second.load(t, d_o, head.o(s), s.heads * s.width, first, n);
      t.sync();
      for (Index j = t.id() / warp_size; j < s.keys; j += t.threads() / warp_size) {
        for (Index c = warp.lane(); c < s.width; c += warp_size) {
          shared.row_a[c] = k[head.k(s) + j * s.k_stride + c];
          shared.row_b[c] = v[head.v(s) + j * s.v_stride + c];
        }
        t.sync_warp();
        const Real bias = key_bias != nullptr ? key_bias[head.b * s.keys + j] : Real(0);
        for (Index r = warp.lane(); r < n; r += warp_size) {
          const Index row = head.row(s, first + r);
          const Real p = fn::exp(scale * shared.first.dot(r, shared.row_a) + bias - log_sum[row]);
          const Real f = attention_factor<Real>(dropout, s, head, first + r, j);
          shared.weight_a[r] = p * (f * shared.second.dot(r, shared.row_b) - delta[row]);
          shared.weight_b[r] = p * f;
        }
        t.sync_warp();
        for (Index c = warp.lane(); c < s.width; c += warp_size) {
          if (dk != nullptr)
            put(first, scale * shared.first.mix(n, shared.weight_a, c), dk[head.k(s) + j * s.k_stride + c]);
          if (dv != nullptr) put(first, shared.second.mix(n, shared.weight_b, c), dv[head.v(s) + j * s.v_stride + c]);
        }
      }
    }
  }

 private:
  /// Adds the terms of the chunk that begins at `first`; the first chunk overwrites if `overwrite` is set.
  CTP_HD void put(Index first, Real terms, Real& to) const { to = overwrite && first == 0 ? terms : to + terms; }
};

}  // namespace kernel

/// The operations of generic::AttentionOps, which documents each of them. `saved` is [batch,heads,queries]. If the
/// runtime rounds operands of products or multiplies in TF32, heads of 32 or 64 columns run on the tensor cores.
template <class Runtime, class Real>
struct AttentionOps {
  static constexpr Index attention_saved(const AttentionShape& s) { return s.batch * s.heads * s.queries; }

  using Argument = Numbers<Runtime, Real>;

  /// q, k and v are all Real, or all Packed: these, of heads 32 or 64 wide, begin at, and their rows are apart by,
  /// multiples of 16 bytes.
  static void attention(const AttentionShape& s, Argument q, Argument k, Argument v, const Real* key_bias,
                        const Dropout& dropout, Real* saved, Argument o) {
    if (attention_saved(s) == 0) return;
    if constexpr (std::is_same_v<Real, float>)
      if (TensorAttention<Runtime>::takes(s)) {
        TensorAttention<Runtime>::forward(s, q, k, v, key_bias, dropout, saved, o);
        return;
      }
    const Index chunk = chunk_of(s.keys, s.width), size = s.batch * s.queries * s.heads * s.width;
    const bool packs = o.rounded(), keeps = saved == nullptr && chunk < s.keys;
    Real* const memory = packs || keeps ? scratch(s, packs ? size : 0) : nullptr;
    if (keeps) saved = memory;
    // The kernel adds to the sums of earlier chunks, in single precision.
    Real* const out = packs ? memory + attention_saved(s) : o.template as<Real>();
    Runtime::launch(s.batch * s.heads, kernel::attention_threads, bytes(chunk, s.width),
                    kernel::Attention<Real>{s, q, k, v, key_bias, dropout, chunk, saved, out});
    if (packs) launch_each<Runtime>(size, kernel::Pack<Real>{out, o});
  }

  /// dq, dk and dv are all Real, or all Packed. A Packed d_o, of heads 32 or 64 wide, begins at a multiple of 16 bytes;
  /// o, and Packed dq, dk and dv, are aligned to pairs. **Errors.** UsageError if they are Packed and not overwritten.
  static void attention_backward(const AttentionShape& s, Argument q, Argument k, Argument v, const Real* key_bias,
                                 const Dropout& dropout, const Real* saved, Argument o, Argument d_o,
                                 bool overwrite_grad, Argument dq, Argument dk, Argument dv) {
    require(overwrite_grad || !(dq.packed || dk.packed || dv.packed), "attention_backward",
            "gradients that are stored Packed are not added to");
    if (attention_saved(s) == 0) return;
    // Of Packed gradients, the kernels without tensor cores need room for single precision: they add up chunks.
    const Index of_q = s.batch * s.queries * s.q_stride, of_k = s.batch * s.keys * s.k_stride,
                of_v = s.batch * s.keys * s.v_stride;
    const bool rounded = (dq ? dq : dk ? dk : dv).rounded();
    const auto compute = [&](Real* delta) {
      launch_rows_by_warp<Runtime>(attention_saved(s), kernel::AttentionDelta<Real>{s, o, d_o, delta});
    };
    if constexpr (std::is_same_v<Real, float>)
      if (TensorAttention<Runtime>::takes(s)) {
        float* const delta = scratch(s);
        if (!dq) compute(delta);
        TensorAttention<Runtime>::backward(s, q, k, v, key_bias, dropout, saved, o, delta, d_o, overwrite_grad, dq, dk,
                                           dv);
        return;
      }
    Real* const delta = scratch(s, rounded ? of_q + of_k + of_v : 0);
    compute(delta);
    Real* const room = delta + attention_saved(s);
    const auto sums = [&](const Argument& to, Real* in_room) {
      return to && rounded ? in_room : to.template as<Real>();
    };
    Real *const q_sums = sums(dq, room), *const k_sums = sums(dk, room + of_q),
                *const v_sums = sums(dv, room + of_q + of_k);
    if (dq) {
      const Index chunk = chunk_of(s.keys, s.width);
      Runtime::launch(s.batch * s.heads, kernel::attention_threads, bytes(chunk, s.width),
                      kernel::AttentionQueryGradient<Real>{s, q, k, v, d_o, key_bias, dropout, chunk, saved, delta,
                                                           overwrite_grad, q_sums});
    }
    if (dk || dv) {
      const Index chunk = chunk_of(s.queries, s.width);
      Runtime::launch(s.batch * s.heads, kernel::attention_threads, bytes(chunk, s.width),
                      kernel::AttentionKeyGradient<Real>{s, q, k, v, d_o, key_bias, dropout, chunk, saved, delta,
                                                         overwrite_grad, k_sums, v_sums});
    }
    if (!rounded) return;
    const auto round = [&](Index rows, Index stride, const Real* from, const Argument& to) {
      const Index width = s.heads * s.width;
      if (to) launch_each<Runtime>(rows * width, kernel::PackRows<Real>{width, stride, stride, from, to});
    };
    round(s.batch * s.queries, s.q_stride, q_sums, dq);
    round(s.batch * s.keys, s.k_stride, k_sums, dk);
    round(s.batch * s.keys, s.v_stride, v_sums, dv);
  }

 private:
  /// Scratch memory for one number for each query of each head, and `more` numbers.
  static Real* scratch(const AttentionShape& s, Index more = 0) {
    return static_cast<Real*>(Runtime::scratch(static_cast<std::size_t>(attention_saved(s) + more) * sizeof(Real)));
  }
  static std::size_t bytes(Index chunk, Index width) { return kernel::head_memory_bytes(chunk, width, sizeof(Real)); }
  /// **Errors.** UsageError if not even one row of a head fits in shared memory.
  static Index chunk_of(Index rows, Index width) {
    const Index chunk = kernel::longest_chunk(rows, width, sizeof(Real), Runtime::shared_limit());
    if (chunk == 0)
      require(false, "attention",
              "a head of width " + std::to_string(width) + " does not fit in the " +
                  std::to_string(Runtime::shared_limit()) + " bytes of a block's shared memory; use more heads");
    return chunk;
  }
};

}  // namespace ctp::backend::cuda
