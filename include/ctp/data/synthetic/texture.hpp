/// @file   ctp/data/synthetic/texture.hpp
/// @brief  Patterns and materials of products.
/// @layer  data
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <ctp/core/philox.hpp>

namespace ctp::data::synthetic {

namespace detail {

/// Distance from x to the nearest multiple of `period`.
inline float to_multiple(float x, float period) { return std::fabs(x - period * std::round(x / period)); }
/// Coverage at signed distance d: 1 below -0.5, 0 above 0.5, linear between.
inline float inside(float d) { return std::clamp(0.5F - d, 0.0F, 1.0F); }

}  // namespace detail

/// @brief Weight of the second tone of pattern number `pattern` at (x, y), from 0 to 1.
///
/// **Units.** x, y, period: pixels.
inline float pattern_tone(int pattern, float x, float y, float period) {
  using detail::inside, detail::to_multiple;
  const float quarter = period / 4.0F;
  switch (pattern) {
    case 1:  // horizontal stripes
      return inside(to_multiple(y, period) - quarter);
    case 2: {  // dots in staggered rows
      const float row = std::round(y / (period * 0.8F));
      const float shift = std::fmod(std::fabs(row), 2.0F) * period / 2.0F;
      const float dx = to_multiple(x - shift, period), dy = y - row * period * 0.8F;
      return inside(std::sqrt(dx * dx + dy * dy) - period * 0.27F);
    }
    case 3:  // checks
      return 0.5F * (inside(to_multiple(x, period) - quarter) + inside(to_multiple(y, period) - quarter));
    case 4:  // vertical stripes
      return inside(to_multiple(x, period) - quarter);
    case 5: {  // diamonds
      const float dx = to_multiple(x, period), dy = to_multiple(y, period * 1.3F);
      return inside((dx * 1.3F + dy - period * 0.5F) * 0.6F);
    }
    case 6:  // diagonal stripes
      return inside(to_multiple((x + y) * 0.70710678F, period) - quarter);
    case 7:  // waves
      return inside(to_multiple(y + period * 0.3F * std::sin(x * 6.2831853F / (period * 1.4F)), period) - quarter);
    default:
      return 0.0F;
  }
}

/// @brief Brightness factor of material number `material` at (x, y), near 1.
///
/// **Units.** x, y: pixels. `key`: random key of the grain.
inline float material_light(int material, float x, float y, std::uint32_t key) {
  const auto hash = [&](float a, float b) {
    const auto word = philox4x32(
        {static_cast<std::uint32_t>(static_cast<int>(a)), static_cast<std::uint32_t>(static_cast<int>(b)), 0, 0},
        {key, 0x7E87U});
    return unit_float(word[0]) - 0.5F;
  };
  switch (material) {
    case 0: {  // glossy: a diagonal streak of light
      const float streak = 1.0F - std::fabs(std::fmod(std::fabs(x - y * 0.6F) + 4.0F, 26.0F) - 13.0F) / 4.0F;
      return 1.0F + 0.22F * std::max(streak, 0.0F);
    }
    case 1:  // grained: uneven lines across
      return 1.0F + 0.30F * hash(std::floor(y / 1.5F), std::floor(x / 24.0F));
    case 2:  // woven
      return 1.0F + (std::fmod(std::floor(x / 2.0F) + std::floor(y / 2.0F) + 1024.0F, 2.0F) < 1.0F ? 0.09F : -0.09F);
    default:  // speckled
      return 1.0F + 0.42F * hash(std::floor(x / 1.5F), std::floor(y / 1.5F));
  }
}

}  // namespace ctp::data::synthetic
