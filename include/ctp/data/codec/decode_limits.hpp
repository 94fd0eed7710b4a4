/// @file   ctp/data/codec/decode_limits.hpp
/// @brief  Size limits of picture files.
/// @layer  data
#pragma once

#include <cstdint>

namespace ctp::data {

/// Limits checked against the header, before memory for pixels is allocated. No limit on one side alone: the pictures
/// of shop pages are long.
struct DecodeLimits {
  std::int64_t max_pixels = 89'478'485;  ///< width * height; the value at which Pillow warns of decompression bombs
  std::int64_t max_ratio = 16'384;       ///< the longer side divided by the shorter
  int max_scans = 100;                   ///< scans of one JPEG file; each costs a pass over the whole picture
};

/// Bytes of the largest picture file that is read.
inline constexpr std::uint64_t largest_picture_file = std::uint64_t{256} << 20U;

}  // namespace ctp::data
