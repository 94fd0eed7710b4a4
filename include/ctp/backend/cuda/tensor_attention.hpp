/// @file   ctp/backend/cuda/tensor_attention.hpp
/// @brief  Multi-head attention on tensor cores, with operands rounded to bfloat16 or TF32.
/// @layer  backend
///
/// A block computes up to 256 rows of one side of a head, a warp 16 of these rows at a time. The rows of the other side
/// are in shared memory, up to 256 of them (TF32, and blocks of few rows: 128) at a time. Scores stay in registers.
/// The forward pass keeps a running maximum and a running sum of the softmax for each row, and saves the logarithm of
/// the sum; the backward pass (tensor_attention_gradient.hpp) recomputes the weights from the saved logarithm. Products
/// are `mma` with sums in single precision (kernel/tensor_tile.hpp); all else is single precision. No atomics.
///
/// **Source.** Dao et al. 2022, arXiv:2205.14135, algorithms 1 and 4, with one pass for dq and one for dk and dv.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <ctp/backend/attention_shape.hpp>
#include <ctp/backend/cuda/kernel/attention_head.hpp>
#include <ctp/backend/cuda/kernel/head_strips.hpp>
#include <ctp/backend/cuda/kernel/kept_bits.hpp>
#include <ctp/backend/cuda/kernel/key_side.hpp>
#include <ctp/backend/cuda/kernel/launch.hpp>
#include <ctp/backend/cuda/kernel/packed.hpp>
#include <ctp/backend/cuda/kernel/score_terms.hpp>
#include <ctp/backend/cuda/kernel/tensor_tile.hpp>
#include <ctp/backend/cuda/tensor_attention_gradient.hpp>
#include <ctp/config.hpp>

namespace ctp::backend::cuda {

namespace kernel {

/// Forward pass: o and, unless log_sum is null, the logarithm of each query's softmax sum.
template <class Form, int Width>
struct TensorAttention : KeySide<Form, Width> {
  using Keys = KeySide<Form, Width>;
  using Keys::dropout, Keys::key_bias, Keys::kept_scale, Keys::s, Keys::strips;
  static constexpr bool cooperative = true;
  static constexpr int threads = strip_warps<Form> * warp_size, least_blocks = strip_blocks<Form>;
  /// Keys of a step where that many remain: without bias, as many as registers hold; with bias; else strip_rows.
  static constexpr int whole = sizeof(typename Form::Number) == 2 ? 32 : 64, whole_biased = 32;
  const typename Form::Source* q;
  float* log_sum;
  Stored<float> o;

  /// A strip's state: sums of weighted values, and maximum and sum of the softmax so far. Scores are in units of log 2.
  struct Running {
    LeftOperands<Form, Width> queries;
    float out[Width / 8][4] = {}, top[2] = {-INFINITY, -INFINITY}, total[2] = {};
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
      Running running;
      if (rows > 0) load_left<Form, Width>(q + head.q(s) + query * s.q_stride, s.q_stride, rows, f, running.queries);
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
        int j = 0;
        const int unpadded = key_bias == nullptr ? strips.held(s.keys, first) : 0;  // keys whose bias is 0
        CTP_KEEP_LOOP
        for (; j + whole <= unpadded; j += whole)
          add_keys<whole, false>(t, f, held, kept, row, j, arriving && j == 0, running);
        CTP_KEEP_LOOP
        for (; j + whole_biased <= n; j += whole_biased)
          add_keys<whole_biased, true>(t, f, held, kept, row, j, arriving && j == 0, running);
        CTP_KEEP_LOOP
        for (; j < n; j += strip_rows)
          add_keys<strip_rows, true>(t, f, held, kept, row, j, arriving && j == 0, running);
      }
      if (rows > 0) finish(t, f, head, query, running);
    }
  }

 private:
  /// Adds keys j to j + Keys of shared memory. `biased`: scores have a bias. `arriving`: values may be on their way.
  template <int Keys, bool biased, class Thread>
  CTP_HD void add_keys(const Thread& t, const Fragment& f, const HeldRows<Form, Width>& held, const KeptBits& kept,
                       int row, int j, bool arriving, Running& running) const {
    float p[Keys / 8][4] = {};
    multiply_by_rows<Form, Width, Keys>(t, f, running.queries, held.first, j, p);
    if (arriving) wait_for_rows<0>(t);
    float largest[2] = {-INFINITY, -INFINITY}, keep[2];
    CTP_UNROLL
    for (int n = 0; n < Keys / 8; ++n) {
      if constexpr (biased) {
        const auto bias = read_wide<Pair<float>>(held.number + j + n * 8 + f.pair * 2);
        CTP_UNROLL
        for (int e = 0; e < 4; ++e) p[n][e] = score_scale<Width>() * p[n][e] + bias.x[e % 2];
      }
      CTP_UNROLL
      for (int half = 0; half < 2; ++half)
        largest[half] = std::fmax(largest[half], std::fmax(p[n][half * 2], p[n][half * 2 + 1]));
    }
    // Scores without bias are not scaled yet: the exponent is one multiplication and addition.
    constexpr float scale = biased ? 1.F : score_scale<Width>();
    CTP_UNROLL
    for (int half = 0; half < 2; ++half) {
      const float before = running.top[half];
      running.top[half] = std::fmax(before, scale * max_of_row(t, largest[half]));
      keep[half] = exp2_of(before - running.top[half]);
      running.total[half] *= keep[half];
    }
    CTP_UNROLL
    for (int n = 0; n < Keys / 8; ++n) CTP_UNROLL
    for (int e = 0; e < 4; ++e) {
      p[n][e] = exp2_of(scale * p[n][e] - running.top[e / 2]);
      running.total[e / 2] += p[n][e];
    }
    if (dropout.active()) multiply_by_factors<Keys>(f, kept, kept_scale, row, j, p);
    CTP_UNROLL
    for (int n = 0; n < Width / 8; ++n) CTP_UNROLL
    for (int e = 0; e < 4; ++e) running.out[n][e] *= keep[e / 2];
    add_weighted_rows<Form, Width, Keys>(t, f, p, held.second, j, running.out);
  }

  template <class Thread>
  CTP_HD void finish(const Thread& t, const Fragment& f, const Head& head, Index query, const Running& running) const {
    CTP_UNROLL
    for (int half = 0; half < 2; ++half) {
      const Index i = query + f.group + half * 8;
      const float sum = sum_of_row(t, running.total[half]), inverse = 1.F / sum;
      if (i >= s.queries) continue;
      const Index at = head.o(s) + i * s.heads * s.width + f.pair * 2;
      CTP_UNROLL
      for (int n = 0; n < Width / 8; ++n)
        o.set_pair(at + n * 8, running.out[n][half * 2] * inverse, running.out[n][half * 2 + 1] * inverse);
      if (log_sum != nullptr && f.pair == 0) log_sum[head.row(s, i)] = running.top[half] * log_2 + std::log(sum);
    }
  }
};

}  // namespace kernel

/// @brief AttentionOps on tensor cores, for heads of 32 or 64 columns. In bfloat16, operands that are not Packed are
/// rounded to the runtime's packed scratch first.
template <class Runtime>
struct TensorAttention {
  static bool takes(const AttentionShape& s) {
    return (Runtime::rounds_operands() || Runtime::multiplies_in_tf32()) && (s.width == 32 || s.width == 64);
  }

  using Argument = Numbers<Runtime, float>;

  static void forward(AttentionShape s, const Argument& q, const Argument& k, const Argument& v, const float* key_bias,
                      const Dropout& dropout, float* saved, const Argument& o) {
    for_kernel(s, [&]<class Form, int Width>() {
      const auto of = sources<typename Form::Source>(s, q, k, v, nullptr);
      using Kernel = kernel::TensorAttention<Form, Width>;
      launch<Form, Width, Kernel>(s, dropout, s.queries, s.keys, [&](const kernel::HeadStrips& strips) {
        return Kernel{{strips, s, of.k, of.v, key_bias, dropout, dropout.scale()}, of.q, saved, o};
      });
    });
  }
  /// `delta`: <d_o, o> of each query. The pass for dq computes delta from the rounded d_o; without dq, delta is given,
  /// of d_o as it is, so that dk has other bits. Any of dq, dk and dv may be null; they are laid out as q, k and v, and
  /// are all float, or all rounded and overwritten.
  static void backward(const AttentionShape& s, const Argument& q, const Argument& k, const Argument& v,
                       const float* key_bias, const Dropout& dropout, const float* saved, const Argument& o,
                       float* delta, const Argument& d_o, bool overwrite_grad, const Argument& dq, const Argument& dk,
                       const Argument& dv) {
    const kernel::GradientLayout layout{s.q_stride, s.k_stride, s.v_stride, overwrite_grad};
    const bool rounded = (dq ? dq : dk ? dk : dv).rounded();
    for_kernel(s, [&]<class Form, int Width>() {
      using kernel::HeadStrips;
      AttentionShape of_sources = s;
      const auto of = sources<typename Form::Source>(of_sources, q, k, v, d_o);
      const auto run = [&]<class Gradient>(Gradient*) {
        using OfQueries = kernel::TensorQueryGradient<Form, Width, Gradient>;
        using OfKeys = kernel::TensorKeyGradient<Form, Width, Gradient>;
        const auto to = [](const Argument& x) { return x.template as<Gradient>(); };
        if (dq)
          launch<Form, Width, OfQueries>(s, dropout, s.queries, s.keys, [&](const HeadStrips& strips) {
            return OfQueries{{strips, of_sources, of.k, of.v, key_bias, dropout, dropout.scale()},
                             of.q,
                             of.d_o,
                             o,
                             saved,
                             delta,
                             layout,
                             to(dq)};
          });
        if (dk || dv)
          launch<Form, Width, OfKeys>(s, dropout, s.keys, s.queries, [&](const HeadStrips& strips) {
            return OfKeys{strips,  of_sources,      of.q,  of.k,  of.v,   of.d_o, key_bias,
                          dropout, dropout.scale(), saved, delta, layout, to(dk), to(dv)};
          });
      };
      if constexpr (!std::is_same_v<typename Form::Source, float>)
        if (rounded) return run(static_cast<kernel::Bfloat16*>(nullptr));
      run(static_cast<float*>(nullptr));
    });
  }

 private:
  template <class Source>
  struct Sources {
    const Source *q, *k, *v, *d_o;
  };
  /// The operands as a kernel reads them; those that are not rounded yet are copied, and then `s` gets the strides of
  /// the copies. d_o may be null.
  template <class Source>
  static Sources<Source> sources(AttentionShape& s, const Argument& q, const Argument& k, const Argument& v,
                                 const Argument& d_o) {
    const auto source = [](const Argument& x) { return x.template as<const Source>(); };
    if constexpr (std::is_same_v<Source, float>) {
      return {source(q), source(k), source(v), source(d_o)};
    } else {
      const Index width = s.heads * s.width, of_queries = s.batch * s.queries * width,
                  of_keys = s.batch * s.keys * width;
      const bool copies = !q.rounded(), copies_d_o = d_o && !d_o.rounded();
      const Index size = (copies ? of_queries + 2 * of_keys : 0) + (copies_d_o ? of_queries : 0);
      if (size == 0) return {source(q), source(k), source(v), source(d_o)};
      auto* memory = static_cast<Source*>(Runtime::packed_scratch(static_cast<std::size_t>(size) * sizeof(Source)));
      const auto copy = [&](const Argument& x, Index stride, Index n) {
        Source* const to = memory;
        memory += n;
        launch_each<Runtime>(
            n, kernel::PackRows<float>{
                   width, stride, width, x.template as<const float>(), {reinterpret_cast<Packed*>(to), true}});
        return static_cast<const Source*>(to);
      };
      Sources<Source> of{source(q), source(k), source(v), source(d_o)};
      if (copies) {
        of.q = copy(q, s.q_stride, of_queries);
        of.k = copy(k, s.k_stride, of_keys);
        of.v = copy(v, s.v_stride, of_keys);
        s.q_stride = s.k_stride = s.v_stride = width;
      }
      if (copies_d_o) of.d_o = copy(d_o, width, of_queries);
      return of;
    }
  }
  /// Launches a kernel whose blocks compute strips of `rows` rows and hold `others` rows of the other side.
  template <class Form, int Width, class Kernel, class Make>
  static void launch(const AttentionShape& s, const Dropout& dropout, Index rows, Index others, const Make& make) {
    using Held = kernel::HeldRows<Form, Width>;
    const kernel::HeadStrips strips(rows, others, Held::longest_chunk, Kernel::threads / warp_size);
    const std::size_t kept = dropout.active() ? Kernel::kept_bytes(strips) : 0;
    Runtime::launch(s.batch * s.heads * strips.blocks, strips.warps * warp_size, Held::bytes(strips.chunk, kept),
                    make(strips));
  }
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
