/// @file   ctp/backend/cuda/kernel/kept_bits.hpp
/// @brief  Dropout as bits: of a block's elements in shared memory, of a warp's row in registers.
/// @layer  backend
#pragma once

#include <cstddef>
#include <cstdint>

#include <ctp/backend/cuda/kernel/dropout.hpp>
#include <ctp/config.hpp>

namespace ctp::backend::cuda::kernel {

/// @brief The eight elements that one call of the generator, number `block`, decides: bit Spacing * k of the result
/// says whether the k-th of them stays. They are 16 columns apart.
template <unsigned Spacing>
CTP_HD std::uint32_t kept_of_eight(const Dropout& dropout, std::uint32_t ordinal, Index block) {
  const std::uint32_t threshold = dropout.threshold();
  std::uint32_t word[4] = {static_cast<std::uint32_t>(block), dropout.dropout_id, ordinal,
                           (dropout.task << 16U) | (dropout.epoch & 0xFFFFU)};
  philox4x32(word, dropout.key.low, dropout.key.high);
  std::uint32_t bits = 0;
  CTP_UNROLL
  for (unsigned i = 0; i < 4; ++i) {
    bits |= ((word[i] & 0xFFFFU) >= threshold ? 1U : 0U) << Spacing * i;
    bits |= ((word[i] >> 16U) >= threshold ? 1U : 0U) << Spacing * (i + 4);
  }
  return bits;
}

/// @brief The elements of dropout rows that stay. One call of the generator yields the bits of the eight columns c,
/// c + 16, ... of a chunk of 128 columns, so the block calls it once for eight elements.
///
/// Covers rows [first_row, first_row + rows) and the chunks of columns that begin with `first_chunk`.
class KeptBits {
 public:
  static constexpr int chunk_columns = 128, lanes = 16;

  CTP_HD KeptBits(std::uint8_t* bytes, Index first_row, Index first_chunk, int chunks)
      : bytes_(bytes), first_row_(first_row), first_chunk_(first_chunk), chunks_(chunks) {}

  /// Number of chunks that hold a row's `columns`.
  CTP_HD static constexpr Index chunks(Index columns) { return (columns + chunk_columns - 1) / chunk_columns; }

  /// Bytes of `rows` rows with `chunks` chunks.
  static constexpr std::size_t bytes(Index rows, Index chunks) {
    return static_cast<std::size_t>(rows * chunks * lanes);
  }

  /// Computes the bits of `rows` rows of `columns` columns, by all threads of a block. `ordinal` is that of the sample.
  template <class Thread>
  CTP_HD void fill(const Thread& t, const Dropout& dropout, std::uint32_t ordinal, int rows, Index columns) const {
    CTP_KEEP_LOOP
    for (int e = t.id(); e < rows * chunks_ * lanes; e += t.threads()) {
      const int row = e / (chunks_ * lanes), within = e % (chunks_ * lanes);
      const Index block = lanes * ((first_row_ + row) * chunks(columns) + first_chunk_) + within;
      bytes_[e] = static_cast<std::uint8_t>(kept_of_eight<1>(dropout, ordinal, block));
    }
  }

  /// @brief Whether elements stay: bit k is column `column + 16 k` of the same chunk. `row` and `column` count from the
  /// first row and the first chunk's first column.
  [[nodiscard]] CTP_HD std::uint32_t bits(int row, int column) const {
    constexpr auto of_chunk = static_cast<unsigned>(chunk_columns), of_lane = static_cast<unsigned>(lanes);
    const auto c = static_cast<unsigned>(column), r = static_cast<unsigned>(row * chunks_);  // shifts, not divisions
    return std::uint32_t{bytes_[(r + c / of_chunk) * of_lane + c % of_lane]} >> c % of_chunk / of_lane;
  }

 private:
  std::uint8_t* bytes_;
  Index first_row_, first_chunk_;
  int chunks_;
};

/// @brief The elements of one dropout row of up to 1,024 columns that stay: bit 4 c + e is column 128 c + 4 lane + e.
/// All lanes of the warp call it. `ordinal` is that of the sample.
template <class Warp>
CTP_HD std::uint32_t kept_of_row(const Warp& warp, const Dropout& dropout, std::uint32_t ordinal, Index row,
                                 Index columns) {
  // Lane 4 t + r calls the generator for chunk t. Group k of four bits of its word then belongs to lane 4 k + r.
  const int t = warp.lane() / 4, r = warp.lane() % 4;
  const Index chunks = KeptBits::chunks(columns);
  std::uint32_t word = 0;
  if (t < chunks) {
    const Index first = KeptBits::lanes * (row * chunks + t) + 4 * r;
    CTP_UNROLL
    for (unsigned e = 0; e < 4; ++e) word |= kept_of_eight<4>(dropout, ordinal, first + e) << e;
  }
  // Transposes the groups of the eight lanes with the same r.
  const auto exchange = [&](int distance, std::uint32_t low) {
    const std::uint32_t other = warp.shuffle_xor(word, 4 * distance);
    const auto shift = static_cast<unsigned>(4 * distance);
    word = (t & distance) == 0 ? (word & low) | (other & low) << shift : (word & ~low) | (other & ~low) >> shift;
  };
  exchange(4, 0x0000FFFFU);
  exchange(2, 0x00FF00FFU);
  exchange(1, 0x0F0F0F0FU);
  return word;
}

}  // namespace ctp::backend::cuda::kernel
