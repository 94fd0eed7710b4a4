/// @file   ctp/backend/cuda/kernel/key_side.hpp
/// @brief  Keys and values of a head in shared memory, for kernels of attention whose strips are queries.
/// @layer  backend
#pragma once

#include <cmath>
#include <cstddef>

#include <ctp/backend/attention_shape.hpp>
#include <ctp/backend/cuda/kernel/attention_head.hpp>
#include <ctp/backend/cuda/kernel/head_strips.hpp>
#include <ctp/backend/cuda/kernel/kept_bits.hpp>
#include <ctp/backend/cuda/kernel/score_terms.hpp>
#include <ctp/backend/cuda/kernel/tensor_tile.hpp>

namespace ctp::backend::cuda::kernel {

/// What a block of such a kernel loads, and the kernel's arguments for that.
template <class Form, int Width>
struct KeySide {
  HeadStrips strips;
  AttentionShape s;
  const typename Form::Source *k, *v;
  const float* key_bias;
  Dropout dropout;
  float kept_scale;  ///< dropout.scale()

  static std::size_t kept_bytes(const HeadStrips& strips) {
    return KeptBits::bytes(strips.strips * strip_rows, KeptBits::chunks(strips.chunk));
  }
  /// The dropout bits of the block's queries and the keys from `first` on.
  CTP_HD KeptBits kept_bits(const HeldRows<Form, Width>& held, const Head& head, Index first_query, Index first) const {
    return {held.kept, head.h * s.queries + first_query, first / KeptBits::chunk_columns,
            static_cast<int>(KeptBits::chunks(strips.chunk))};
  }
  /// Starts to load keys, then values from key `first` on. Sets the keys' bias in units of log 2; padding has the bias
  /// minus infinity, which makes its weights 0.
  template <int InFlight, class Thread>
  CTP_HD void load(const Thread& t, const HeldRows<Form, Width>& held, const Head& head, Index first_query,
                   Index first) const {
    const int n = strips.held(s.keys, first), padded = strips.padded(s.keys, first);
    t.sync();  // all threads have read the rows before
    load_rows<Form, Width, InFlight>(t, k + head.k(s) + first * s.k_stride, s.k_stride, n, padded, held.first);
    load_rows<Form, Width, InFlight>(t, v + head.v(s) + first * s.v_stride, s.v_stride, n, padded, held.second);
    CTP_KEEP_LOOP
    for (int j = t.id(); j < padded; j += t.threads())
      held.number[j] = j >= n ? -INFINITY : bias_in_log2(key_bias, head.b * s.keys + first + j);
    if (dropout.active())
      kept_bits(held, head, first_query, first)
          .fill(t, dropout, dropout.sample[head.b], strips.strips * strip_rows, s.keys);
  }
};

}  // namespace ctp::backend::cuda::kernel
