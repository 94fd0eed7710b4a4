/// @file   ctp/backend/dropout.hpp
/// @brief  Dropout masks as a pure function of an element's position: counter-based, by Philox.
/// @layer  backend
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <ctp/config.hpp>

namespace ctp::backend {

/// @brief One dropout layer on one batch. The mask is keyed by sample, so it does not depend on a pair's place in the
/// batch.
///
/// Element `column` of row `row` of a sample belongs to Philox block `16 * (row * ceil(columns / 128) + column / 128) +
/// column % 16` of substream `dropout_id`. Its 16 bits are one half of word `column % 64 / 16` of the block: the low
/// half if `column % 128` is below 64, else the high half. So sixteen blocks side by side fill 128 consecutive
/// elements. An element is kept if its bits are at least threshold(), and then multiplied by scale(), which preserves
/// the mean.
/// **Source.** Srivastava et al. 2014, inverted form.
struct Dropout {
  /// The key of a RandomStream as two words: device code cannot call the members of the stream's std::array.
  struct Key {
    std::uint32_t low = 0, high = 0;

    constexpr Key() = default;
    constexpr Key(std::uint32_t low_word, std::uint32_t high_word) : low(low_word), high(high_word) {}
    constexpr Key(const std::array<std::uint32_t, 2>& of_stream)  // NOLINT: the same value
        : low(of_stream[0]), high(of_stream[1]) {}
    friend constexpr bool operator==(const Key&, const Key&) = default;
  };

  float probability = 0;  ///< 0: keep everything, draw nothing
  Key key{};
  std::uint32_t task = 0, epoch = 0;
  const std::uint32_t* sample = nullptr;  ///< [B] ordinals, in the backend's memory
  std::uint32_t dropout_id = 0;           ///< number of the layer in its pass: see Pass::dropout_layer()

  [[nodiscard]] CTP_HD constexpr bool active() const { return probability > 0; }
  /// The probability in units of 2^-16, rounded.
  [[nodiscard]] CTP_HD constexpr std::uint32_t threshold() const {
    return static_cast<std::uint32_t>(probability * 65536.F + 0.5F);
  }
  /// Factor of a kept element. Single precision on every backend, so that all backends use the same number.
  [[nodiscard]] CTP_HD constexpr float scale() const { return 65536.F / (65536.F - static_cast<float>(threshold())); }
};

/// Writes the factors, 0 or scale(), of the `columns` elements of row `row` of batch entry `entry`.
template <class Real>
void dropout_row(const Dropout& dropout, std::ptrdiff_t entry, std::uint32_t row, std::ptrdiff_t columns,
                 Real* factor) {
  constexpr std::uint32_t lanes = 16;
  constexpr std::ptrdiff_t chunk = 8 * lanes;
  const auto chunks = static_cast<std::uint32_t>((columns + chunk - 1) / chunk);
  const std::uint32_t sample = dropout.sample[entry], place = (dropout.task << 16U) | (dropout.epoch & 0xFFFFU);
  const std::uint32_t threshold = dropout.threshold();
  const Real keep = static_cast<Real>(dropout.scale());
  for (std::uint32_t part = 0; part < chunks; ++part) {
    std::uint32_t words[4 * lanes];
    const std::uint32_t first = 16 * (row * chunks + part);
    CTP_SIMD
    for (std::uint32_t i = 0; i < lanes; ++i) {  // philox4x32() on sixteen counters side by side
      std::uint32_t c0 = first + i, c1 = dropout.dropout_id, c2 = sample, c3 = place, k0 = dropout.key.low,
                    k1 = dropout.key.high;
      CTP_UNROLL
      for (int round = 0; round < 10; ++round) {
        const std::uint64_t a = std::uint64_t{0xD2511F53U} * c0, b = std::uint64_t{0xCD9E8D57U} * c2;
        c0 = static_cast<std::uint32_t>(b >> 32U) ^ c1 ^ k0;
        c1 = static_cast<std::uint32_t>(b);
        c2 = static_cast<std::uint32_t>(a >> 32U) ^ c3 ^ k1;
        c3 = static_cast<std::uint32_t>(a);
        k0 += 0x9E3779B9U;
        k1 += 0xBB67AE85U;
      }
      words[i] = c0;
      words[i + lanes] = c1;
      words[i + 2 * lanes] = c2;
      words[i + 3 * lanes] = c3;
    }
    const std::ptrdiff_t begin = part * chunk, low = std::min(chunk / 2, columns - begin),
                         high = std::min(chunk / 2, columns - begin - low);
    Real* out = factor + begin;
    CTP_SIMD
    for (std::ptrdiff_t j = 0; j < low; ++j) out[j] = (words[j] & 0xFFFFU) >= threshold ? keep : Real(0);
    CTP_SIMD
    for (std::ptrdiff_t j = 0; j < high; ++j) out[chunk / 2 + j] = (words[j] >> 16U) >= threshold ? keep : Real(0);
  }
}

}  // namespace ctp::backend
