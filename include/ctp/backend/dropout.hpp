/// @file   ctp/backend/dropout.hpp
/// @brief  Which activations a dropout layer keeps, as a pure function of where they are.
/// @layer  backend - may include: core
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <ctp/config.hpp>
#include <ctp/core/philox.hpp>

namespace ctp::backend {

/// @brief One dropout layer on one batch. Keyed by sample, so a pair's mask does not depend on its place in the batch.
///
/// Element `column` of row `row` of a sample is kept if word `column % 4` of the Philox block
/// `row * ceil(columns / 4) + column / 4` on lane `lane` is at least probability * 2^32; what is kept is scaled by
/// 1 / (1 - probability).  **Source.** Srivastava et al. 2014, inverted form.
struct Dropout {
  float probability = 0;  ///< 0: keep everything, draw nothing
  std::array<std::uint32_t, 2> key{};
  std::uint32_t task = 0, epoch = 0;
  const std::uint32_t* sample = nullptr;  ///< [B] ordinals, in the backend's memory
  std::uint32_t lane = 0;                 ///< one for each dropout layer of a pass

  [[nodiscard]] CTP_HD constexpr bool active() const { return probability > 0; }
  [[nodiscard]] CTP_HD constexpr float scale() const { return 1.F / (1.F - probability); }
  [[nodiscard]] CTP_HD constexpr std::uint32_t threshold() const {
    return static_cast<std::uint32_t>(static_cast<double>(probability) * 4294967296.0);
  }
};

/// Writes 0 or the scale for each of the `columns` elements of row `row` of batch entry `entry`.
template <class Real>
void dropout_row(const Dropout& dropout, std::ptrdiff_t entry, std::uint32_t row, std::ptrdiff_t columns, Real* factor) {
  constexpr std::ptrdiff_t lanes = 16;  // blocks computed side by side, so that the rounds vectorise
  const auto blocks = static_cast<std::uint32_t>((columns + 3) / 4);
  const std::uint32_t sample = dropout.sample[entry], place = (dropout.task << 16U) | (dropout.epoch & 0xFFFFU);
  const std::uint32_t threshold = dropout.threshold();
  const Real keep = static_cast<Real>(dropout.scale());
  for (std::ptrdiff_t first = 0; first < columns; first += 4 * lanes) {
    std::array<std::array<std::uint32_t, lanes>, 4> word;
    const std::uint32_t block = row * blocks + static_cast<std::uint32_t>(first / 4);
    CTP_SIMD
    for (std::ptrdiff_t i = 0; i < lanes; ++i) {
      const auto w = philox4x32({block + static_cast<std::uint32_t>(i), dropout.lane, sample, place}, dropout.key);
      const auto at = static_cast<std::size_t>(i);
      word[0][at] = w[0];
      word[1][at] = w[1];
      word[2][at] = w[2];
      word[3][at] = w[3];
    }
    const std::ptrdiff_t n = std::min<std::ptrdiff_t>(4 * lanes, columns - first);
    for (std::ptrdiff_t i = 0; i < n; ++i)
      factor[first + i] = word[static_cast<std::size_t>(i % 4)][static_cast<std::size_t>(i / 4)] >= threshold ? keep : Real(0);
  }
}

}  // namespace ctp::backend
