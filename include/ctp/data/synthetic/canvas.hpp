/// @file   ctp/data/synthetic/canvas.hpp
/// @brief  Antialiased painting of shapes on a canvas with an alpha channel.
/// @layer  data
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <ctp/data/synthetic/palette.hpp>
#include <ctp/data/synthetic/shape.hpp>
#include <ctp/data/synthetic/texture.hpp>

namespace ctp::data::synthetic {

/// Position, scale and angle of a product in the picture. **Units.** Pixels; angle in radians.
struct Placement {
  float x = 0, y = 0;
  float scale = 1;  ///< pixels per product unit
  float angle = 0;
};

/// Colour, pattern and material of a product.
struct Cover {
  Colour body;
  int pattern = 0;
  int material = 0;
  float period = 12;        ///< of the pattern, pixels
  std::uint32_t grain = 0;  ///< key of the material's random detail
};

struct Pixel {
  Colour colour;
  float alpha = 0;
};

/// @brief A square picture of float colours with alpha.
class Canvas {
 public:
  explicit Canvas(int size) : size_(size), pixels_(static_cast<std::size_t>(size) * static_cast<std::size_t>(size)) {}

  [[nodiscard]] int size() const { return size_; }
  [[nodiscard]] Pixel& at(int x, int y) {
    return pixels_[static_cast<std::size_t>(y) * static_cast<std::size_t>(size_) + static_cast<std::size_t>(x)];
  }
  [[nodiscard]] const Pixel& at(int x, int y) const {
    return pixels_[static_cast<std::size_t>(y) * static_cast<std::size_t>(size_) + static_cast<std::size_t>(x)];
  }
  /// Makes every pixel transparent.
  void clear() { std::fill(pixels_.begin(), pixels_.end(), Pixel{}); }

  /// Composites `colour` with opacity `alpha` over the pixel (x, y).
  void blend(int x, int y, Colour colour, float alpha) {
    Pixel& p = at(x, y);
    const float out = alpha + p.alpha * (1.0F - alpha);
    if (out > 0.0F) p.colour = mix(p.colour, colour, alpha / out);
    p.alpha = out;
  }

  /// Paints one part of a product: edges antialiased over one pixel, a darker rim, light from above.
  void paint(const Part& part, const Placement& place, const Cover& cover) {
    const float cosine = std::cos(place.angle), sine = std::sin(place.angle);
    const auto box = bounds(part);
    const float reach_x = std::max(std::fabs(box[0]), std::fabs(box[2]));
    const float reach_y = std::max(std::fabs(box[1]), std::fabs(box[3]));
    const float half_w = (std::fabs(cosine) * reach_x + std::fabs(sine) * reach_y) * place.scale + 1.5F;
    const float half_h = (std::fabs(sine) * reach_x + std::fabs(cosine) * reach_y) * place.scale + 1.5F;
    const auto limit = [&](float v) { return static_cast<int>(std::clamp(v, 0.0F, static_cast<float>(size_ - 1))); };
    const bool textured = part.paint == Paint::Body;
    const Colour flat = flat_colour(part.paint, cover.body), tone = second_tone(cover.body);
    for (int py = limit(std::floor(place.y - half_h)); py <= limit(std::ceil(place.y + half_h)); ++py) {
      for (int px = limit(std::floor(place.x - half_w)); px <= limit(std::ceil(place.x + half_w)); ++px) {
        const float dx = static_cast<float>(px) + 0.5F - place.x, dy = static_cast<float>(py) + 0.5F - place.y;
        const float x = cosine * dx + sine * dy, y = cosine * dy - sine * dx;  // pixels along the product's axes
        const float d = distance(part, x / place.scale, y / place.scale) * place.scale;
        const float coverage = detail::inside(d);
        if (coverage <= 0.0F) continue;
        if (part.paint == Paint::Hole) {
          at(px, py).alpha *= 1.0F - coverage;
          continue;
        }
        Colour c = flat;
        float light = 1.06F - 0.14F * y / place.scale;
        if (textured) {
          c = mix(c, tone, pattern_tone(cover.pattern, x, y, cover.period));
          light *= material_light(cover.material, x, y, cover.grain);
        }
        light *= 1.0F - 0.38F * std::clamp(1.0F + d / 1.6F, 0.0F, 1.0F);  // the rim
        blend(px, py, scaled(c, light), coverage);
      }
    }
  }

  /// Composites `layer` over this picture, with a shadow of strength `shadow` to the lower right.
  void lay_over(const Canvas& layer, float shadow) {
    const int reach = std::max(1, size_ / 32);
    for (int y = 0; y < size_; ++y) {
      for (int x = 0; x < size_; ++x) {
        if (x >= reach && y >= reach) {
          const float cast = layer.at(x - reach, y - reach).alpha;
          if (cast > 0.0F) at(x, y).colour = scaled(at(x, y).colour, 1.0F - shadow * cast);
        }
      }
    }
    for (int y = 0; y < size_; ++y) {
      for (int x = 0; x < size_; ++x) {
        const Pixel& p = layer.at(x, y);
        if (p.alpha > 0.0F) blend(x, y, p.colour, p.alpha);
      }
    }
  }

 private:
  int size_;
  std::vector<Pixel> pixels_;
};

}  // namespace ctp::data::synthetic
