/// @file   ctp/train/batch/batch_layout.hpp
/// @brief  Memory layout of a batch in one block of bytes.
/// @layer  train
#pragma once

#include <cstddef>
#include <cstdint>

#include <ctp/core/shape.hpp>

namespace ctp {

/// @brief Offsets in bytes, multiples of 64. A step reads the parts in [0, kept). The other parts are read once, on
/// arrival.
template <class Real>
struct BatchLayout {
  std::size_t ids = 0;           ///< int32 [tokens]
  std::size_t masked = 0;        ///< int32 [tokens]
  std::size_t sample = 0;        ///< uint32 [pairs]
  std::size_t token_weight = 0;  ///< Real [tokens]
  std::size_t row = 0;           ///< int32 [capacity]
  std::size_t target = 0;        ///< int32 [capacity]
  std::size_t label_weight = 0;  ///< Real [capacity]
  std::size_t kept = 0;
  std::size_t attend = 0;  ///< int32 [tokens]
  std::size_t pixels = 0;  ///< bytes, up to the end of the block

  BatchLayout() = default;
  /// `tokens`: of all `pairs` pairs together; `capacity`: masked positions that fit.
  BatchLayout(Index pairs, Index tokens, Index capacity) {
    std::size_t end = 0;
    const auto place = [&](Index count, std::size_t bytes) {
      const std::size_t begin = end;
      end = (begin + static_cast<std::size_t>(count) * bytes + 63) / 64 * 64;
      return begin;
    };
    ids = place(tokens, sizeof(std::int32_t));
    masked = place(tokens, sizeof(std::int32_t));
    sample = place(pairs, sizeof(std::uint32_t));
    token_weight = place(tokens, sizeof(Real));
    row = place(capacity, sizeof(std::int32_t));
    target = place(capacity, sizeof(std::int32_t));
    label_weight = place(capacity, sizeof(Real));
    kept = end;
    attend = place(tokens, sizeof(std::int32_t));
    pixels = end;
  }
};

}  // namespace ctp
