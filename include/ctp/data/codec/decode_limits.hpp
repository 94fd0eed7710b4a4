/// @file   ctp/data/codec/decode_limits.hpp
/// @brief  How large a picture from outside may claim to be.
/// @layer  data
#pragma once

#include <cstdint>

namespace ctp::data {

/// Limits that are checked against the header, before any memory for pixels is asked for.
struct DecodeLimits {
  int max_side = 16'384;                 ///< width and height, pixels
  std::int64_t max_pixels = 89'478'485;  ///< width * height; where Pillow begins to warn of decompression bombs
  int max_scans = 100;                   ///< scans of one JPEG file; each costs a pass over the whole picture
};

}  // namespace ctp::data
