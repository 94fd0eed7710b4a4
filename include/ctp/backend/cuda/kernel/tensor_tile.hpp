/// @file   ctp/backend/cuda/kernel/tensor_tile.hpp
/// @brief  Rows of a head in shared memory, and products of a warp's 16 rows with them on tensor cores.
/// @layer  backend
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <ctp/backend/cuda/kernel/tensor_form.hpp>
#include <ctp/backend/cuda/kernel/thread.hpp>
#include <ctp/backend/cuda/kernel/wide_access.hpp>
#include <ctp/config.hpp>

namespace ctp::backend::cuda::kernel {

inline constexpr int strip_rows = 16;  ///< rows of a warp's left operand

/// Distance between rows of `width` numbers in shared memory: the padding lets a warp's reads of 8 rows use all banks.
CTP_HD constexpr int row_stride(int width) { return width + 8; }

/// The left operands of all steps over the width.
template <class Form, int Width>
using LeftOperands = std::uint32_t[Width / Form::depth][4];

/// @brief Loads rows of `Width` numbers to shared memory, by all threads of a block, as one group of copies that
/// wait_for_rows() waits for. Rows from `n` on are zero.
///
/// `rows` is a multiple of strip_rows. `Source`: float, which may lie anywhere, or Form::Number, aligned to 16 bytes.
/// Numbers go to shared memory without registers, floats are rounded in registers: where the rows are aligned to 16
/// bytes, a thread has `InFlight` loads of 16 bytes in flight.
template <class Form, int Width, int InFlight, class Source, class Thread>
CTP_HD void load_rows(const Thread& t, const Source* from, Index stride, Index n, int rows, typename Form::Number* to) {
  constexpr int numbers = 16 / sizeof(Source), reads = Width / numbers;
  const int step = static_cast<int>(stride), valid = n < rows ? static_cast<int>(n) : rows;
  if constexpr (std::is_same_v<Source, typename Form::Number>) {
    static_assert(warp_size % reads == 0);  // a thread's copies are in the same columns
    const int first = t.id() / reads, rows_of_turn = t.threads() / reads;
    const Source* at = from + first * step + t.id() % reads * numbers;
    typename Form::Number* place = to + first * row_stride(Width) + t.id() % reads * numbers;
    CTP_KEEP_LOOP
    for (int row = first; row < rows; row += rows_of_turn) {
      t.start_copy(place, row < valid ? at : from, row < valid);
      at += rows_of_turn * step;
      place += rows_of_turn * row_stride(Width);
    }
  } else {
    const int count = rows * reads;
    const auto load = [&]<int Loads>(const auto& read) {
      CTP_KEEP_LOOP
      for (int first = t.id(); first < count; first += Loads * t.threads()) {
        Quad<float> loaded[Loads];
        CTP_UNROLL
        for (int i = 0; i < Loads; ++i) {
          const int e = first + i * t.threads(), row = e / reads;
          loaded[i] = row < valid ? read(from + row * step + e % reads * numbers) : Quad<float>{};
        }
        CTP_UNROLL
        for (int i = 0; i < Loads; ++i) {
          const int e = first + i * t.threads();
          if (e < count) Form::store(loaded[i], to + e / reads * row_stride(Width) + e % reads * numbers);
        }
      }
    };
    if (stride % numbers != 0 || !is_aligned<Quad<float>>(from))
      load.template operator()<1>([](const float* at) { return Quad<float>{{at[0], at[1], at[2], at[3]}}; });
    else
      load.template operator()<InFlight>([](const float* at) { return read_wide<Quad<float>>(at); });
  }
  t.commit_copies();
}
/// Waits until shared memory has the rows of all calls of load_rows() but the last `Behind`.
template <int Behind, class Thread>
CTP_HD void wait_for_rows(const Thread& t) {
  t.template wait_copies<Behind>();
  t.sync();
}

/// Loads the left operands of strip_rows rows that begin at `from`; rows from `n` on are zero. `Source`: as
/// load_rows(); floats are read in pairs where the rows are aligned to pairs.
template <class Form, int Width, class Source>
CTP_HD void load_left(const Source* from, Index stride, Index n, const Fragment& f, LeftOperands<Form, Width>& a) {
  const auto load = [&](const auto& read) {
    CTP_UNROLL
    for (int half = 0; half < 2; ++half) {
      const int row = f.group + half * 8;
      const Source* const at = from + row * stride + f.pair * 2;
      CTP_UNROLL
      for (int k = 0; k < Width / Form::depth; ++k)
        Form::left([&](int column) { return row < n ? read(at + k * Form::depth + column) : Pair<Source>{}; },
                   a[k][half], a[k][half + 2]);
    }
  };
  if constexpr (std::is_same_v<Source, float>)
    if (stride % 2 != 0 || !is_aligned<Pair<float>>(from))
      return load([](const float* at) { return Pair<float>{{at[0], at[1]}}; });
  load([](const Source* at) { return read_wide<Pair<Source>>(at); });
}

/// Sum, or maximum, over the four lanes that share a row.
template <class Thread>
CTP_HD float sum_of_row(const Thread& t, float x) {
  x += t.shuffle_xor(x, 1);
  return x + t.shuffle_xor(x, 2);
}
template <class Thread>
CTP_HD float max_of_row(const Thread& t, float x) {
  x = std::fmax(x, t.shuffle_xor(x, 1));
  return std::fmax(x, t.shuffle_xor(x, 2));
}

/// Inner products of the left operands' rows with the strip_rows rows that begin at `from`: those of rows group and
/// group + 8, from row `n` on 0. `Source`: float or Bfloat16, aligned to pairs.
template <class Form, int Width, class Source, class Thread>
CTP_HD void multiply_rows(const Thread& t, const Fragment& f, const LeftOperands<Form, Width>& left, const Source* from,
                          Index stride, Index n, float (&products)[2]) {
  CTP_UNROLL
  for (int half = 0; half < 2; ++half) {
    const int row = f.group + half * 8;
    const Source* const at = from + row * stride + f.pair * 2;
    float sum = 0;
    CTP_UNROLL
    for (int k = 0; k < Width / 8; ++k) {
      const auto x = row < n ? read_wide<Pair<Source>>(at + k * 8) : Pair<Source>{};
      const Pair<float> y = Form::left_pair(left, k, half);
      sum += y.x[0] * x.x[0] + y.x[1] * x.x[1];
    }
    products[half] = sum_of_row(t, sum);
  }
}

/// sums [16, Rows] += left [16, Width] times the transposed `rows` [Rows, Width] in shared memory, from row `first` on.
template <class Form, int Width, int Rows, class Thread>
CTP_HD void multiply_by_rows(const Thread& t, const Fragment& f, const LeftOperands<Form, Width>& left,
                             const typename Form::Number* rows, int first, float (&sums)[Rows / 8][4]) {
  constexpr int stride = row_stride(Width);
  const auto* place = Form::right_place(f, rows, stride);
  CTP_UNROLL
  for (int k = 0; k < Width / Form::depth; k += 2) CTP_UNROLL
  for (int n = 0; n < Rows / 8; ++n) {
    std::uint32_t b[4];
    Form::right(t, place, (first + n * 8) * stride + k * Form::depth, stride, b);
    Form::multiply(t, sums[n], left[k], b[0], b[1]);
    Form::multiply(t, sums[n], left[k + 1], b[2], b[3]);
  }
}

/// sums [16, Width] += weights [16, Rows] times `rows` [Rows, Width] in shared memory, from row `first` on.
template <class Form, int Width, int Rows, class Thread>
CTP_HD void add_weighted_rows(const Thread& t, const Fragment& f, const float (&weights)[Rows / 8][4],
                              const typename Form::Number* rows, int first, float (&sums)[Width / 8][4]) {
  constexpr int stride = row_stride(Width);
  const auto* place = Form::transposed_place(f, rows, stride);
  CTP_UNROLL
  for (int k = 0; k < Rows / Form::depth; ++k) {
    std::uint32_t a[4];
    Form::weights(weights, k, a);
    CTP_UNROLL
    for (int n = 0; n < Width / 8; n += 2) {
      std::uint32_t b[4];
      Form::transposed(t, place, (first + k * Form::depth) * stride + n * 8, stride, b);
      Form::multiply(t, sums[n], a, b[0], b[1]);
      Form::multiply(t, sums[n + 1], a, b[2], b[3]);
    }
  }
}

/// @brief to [row, column] of a strip (+)= factor * sums, for rows below `n`. `overwrite`: written, not added to. The
/// loads of a row precede its stores; both are in pairs where the rows are aligned to pairs.
template <int Width>
CTP_HD void put_rows(const Fragment& f, const float (&sums)[Width / 8][4], float factor, bool overwrite, float* to,
                     Index stride, Index n) {
  const auto put = [&](const auto& read, const auto& write) {
    CTP_UNROLL
    for (int half = 0; half < 2; ++half) {
      const int row = f.group + half * 8;
      if (row >= n) continue;
      float* const at = to + row * stride + f.pair * 2;
      Pair<float> before[Width / 8] = {};
      if (!overwrite) {
        CTP_UNROLL
        for (int k = 0; k < Width / 8; ++k) before[k] = read(at + k * 8);
      }
      CTP_UNROLL
      for (int k = 0; k < Width / 8; ++k)
        write(at + k * 8, Pair<float>{{before[k].x[0] + factor * sums[k][half * 2],
                                       before[k].x[1] + factor * sums[k][half * 2 + 1]}});
    }
  };
  if (stride % 2 == 0 && is_aligned<Pair<float>>(to))
    put([](const float* at) { return read_wide<Pair<float>>(at); },
        [](float* at, const Pair<float>& x) { write_wide(at, x); });
  else
    put([](const float* at) { return Pair<float>{{at[0], at[1]}}; },
        [](float* at, const Pair<float>& x) {
          at[0] = x.x[0];
          at[1] = x.x[1];
        });
}
/// The same to rounded numbers, which are aligned to pairs and always overwritten.
template <int Width>
CTP_HD void put_rows(const Fragment& f, const float (&sums)[Width / 8][4], float factor, bool /*overwrite*/,
                     Bfloat16* to, Index stride, Index n) {
  CTP_UNROLL
  for (int half = 0; half < 2; ++half) {
    const int row = f.group + half * 8;
    if (row >= n) continue;
    Bfloat16* const at = to + row * stride + f.pair * 2;
    CTP_UNROLL
    for (int k = 0; k < Width / 8; ++k)
      write_wide(at + k * 8, bfloat16_pair(factor * sums[k][half * 2], factor * sums[k][half * 2 + 1]));
  }
}

}  // namespace ctp::backend::cuda::kernel
