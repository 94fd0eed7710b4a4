/// @file   ctp/data/synthetic/palette.hpp
/// @brief  The colours of products, and the rotation of hues by an industry's light.
/// @layer  data
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include <ctp/data/synthetic/settings.hpp>
#include <ctp/data/synthetic/shape.hpp>

namespace ctp::data::synthetic {

/// **Units.** 0 to 1 per channel, as displayed.
struct Colour {
  float r = 0, g = 0, b = 0;
};

constexpr Colour rgb(int r, int g, int b) {
  return {static_cast<float>(r) / 255.0F, static_cast<float>(g) / 255.0F, static_cast<float>(b) / 255.0F};
}
constexpr Colour mix(Colour a, Colour b, float t) {
  return {a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t, a.b + (b.b - a.b) * t};
}
constexpr Colour scaled(Colour c, float f) { return {c.r * f, c.g * f, c.b * f}; }
constexpr float luminance(Colour c) { return 0.30F * c.r + 0.59F * c.g + 0.11F * c.b; }

/// In the order of Industry::colours: red, orange, yellow, green, blue, purple, pink, brown, black, white,
/// grey, cyan.
inline constexpr std::array<Colour, max_colours> palette = {rgb(214, 40, 46),   rgb(242, 132, 30),  rgb(246, 208, 54),
                                                            rgb(58, 158, 72),   rgb(44, 94, 200),   rgb(132, 70, 178),
                                                            rgb(246, 150, 184), rgb(126, 80, 48),   rgb(48, 48, 54),
                                                            rgb(240, 240, 242), rgb(142, 142, 148), rgb(56, 186, 190)};

/// @brief `c` with its hue turned by `degrees`; greys do not change. **Source.** Rotation about the grey axis of the
/// RGB cube.
inline Colour turn_hue(Colour c, float degrees) {
  const float angle = degrees * 0.017453293F, cosine = std::cos(angle), sine = std::sin(angle);
  const float keep = cosine + (1.0F - cosine) / 3.0F, third = (1.0F - cosine) / 3.0F, side = 0.57735027F * sine;
  const auto unit = [](float x) { return std::clamp(x, 0.0F, 1.0F); };
  return {unit(keep * c.r + (third - side) * c.g + (third + side) * c.b),
          unit((third + side) * c.r + keep * c.g + (third - side) * c.b),
          unit((third - side) * c.r + (third + side) * c.g + keep * c.b)};
}

/// Second colour of a pattern on `body`: lighter than a dark `body`, darker than a light one.
constexpr Colour second_tone(Colour body) {
  return luminance(body) > 0.5F ? scaled(body, 0.48F) : mix(body, Colour{1, 1, 1}, 0.68F);
}

/// Colour of a part without the pattern.
constexpr Colour flat_colour(Paint paint, Colour body) {
  switch (paint) {
    case Paint::Shade:
      return scaled(body, 0.72F);
    case Paint::Tint:
      return mix(body, Colour{1, 1, 1}, 0.35F);
    case Paint::Dark:
      return rgb(58, 54, 58);
    case Paint::Metal:
      return rgb(176, 182, 190);
    case Paint::White:
      return rgb(250, 248, 244);
    case Paint::Glass:
      return rgb(190, 224, 236);
    case Paint::Wood:
      return rgb(190, 140, 86);
    case Paint::Body:
    case Paint::Hole:
      break;
  }
  return body;
}

}  // namespace ctp::data::synthetic
