/// @file   ctp/backend/cuda/kernel/head_strips.hpp
/// @brief  The rows of one side of a head, as strips of 16 rows that blocks and warps share out.
/// @layer  backend
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <ctp/backend/cuda/kernel/kept_bits.hpp>
#include <ctp/backend/cuda/kernel/tensor_tile.hpp>

namespace ctp::backend::cuda::kernel {

/// @brief Strips of a head's `rows`: a block of up to `most_warps` warps computes up to `most` strips, a warp one strip
/// at a time. The rows of the other side are in shared memory, at most `chunk` at a time.
struct HeadStrips {
  static constexpr int most = 16;
  /// A block of that few strips is small, in warps and in rows in shared memory, so that more blocks run at a time.
  static constexpr int few_strips = 2, chunk_of_few = KeptBits::chunk_columns;
  Index blocks = 0;  ///< of a head
  int strips = 0;    ///< of a block
  int warps = 0;     ///< of a block
  int chunk = 0;     ///< rows of the other side in shared memory

  HeadStrips() = default;
  HeadStrips(Index rows, Index others, int longest_chunk, int most_warps) {
    const Index all = (rows + strip_rows - 1) / strip_rows;
    blocks = (all + most - 1) / most;
    strips = static_cast<int>((all + blocks - 1) / blocks);
    const int turns = (strips + most_warps - 1) / most_warps;
    const bool few = strips <= few_strips;
    warps = others < 64 ? (strips + turns - 1) / turns
            : few       ? strips + 1
                        : most_warps;  // one without a strip loads rows
    const int longest = few ? std::min(longest_chunk, chunk_of_few) : longest_chunk;
    chunk = static_cast<int>(std::min<Index>(longest, (others + strip_rows - 1) / strip_rows * strip_rows));
  }
  /// Rows that shared memory has of the `others` rows of the other side, from row `first` on.
  [[nodiscard]] CTP_HD int held(Index others, Index first) const {
    return others - first < chunk ? static_cast<int>(others - first) : chunk;
  }
  /// That number as a multiple of strip_rows.
  [[nodiscard]] CTP_HD int padded(Index others, Index first) const {
    return (held(others, first) + strip_rows - 1) / strip_rows * strip_rows;
  }
};

/// Warps of a block at most, and the blocks that a multiprocessor must have registers for. In bfloat16 the 13 strips of
/// 197 rows are three turns of five warps; a kernel that needs more than the 128 registers that this leaves has four
/// warps.
template <class Form>
inline constexpr int strip_warps = sizeof(typename Form::Number) == 2 ? 5 : 4;
template <class Form>
inline constexpr int strip_blocks = sizeof(typename Form::Number) == 2 ? 3 : 2;
/// Loads in flight of a thread that rounds floats: of one without a strip, of one that loads rows again while it holds
/// a strip.
inline constexpr int strip_loads = 8, strip_reloads = 4;

/// The other side of a head in shared memory: two sets of rows, two numbers a row, and dropout bits.
template <class Form, int Width>
struct HeldRows {
  using Number = typename Form::Number;
  static constexpr int longest_chunk = 512 / static_cast<int>(sizeof(Number));  ///< with two sets of rows: 72 KiB
  Number *first, *second;
  float *number, *second_number;
  std::uint8_t* kept;

  template <class Thread>
  CTP_HD HeldRows(const Thread& t, int chunk)
      : first(t.template shared<Number>()),
        second(first + chunk * row_stride(Width)),
        number(reinterpret_cast<float*>(second + chunk * row_stride(Width))),
        second_number(number + chunk),
        kept(reinterpret_cast<std::uint8_t*>(second_number + chunk)) {}

  /// Bytes of shared memory for `chunk` rows of the other side and `kept_bytes` of dropout bits.
  static std::size_t bytes(int chunk, std::size_t kept_bytes) {
    return static_cast<std::size_t>(chunk) * (2 * row_stride(Width) * sizeof(Number) + 2 * sizeof(float)) + kept_bytes;
  }
};

}  // namespace ctp::backend::cuda::kernel
