/// @file   ctp/data/synthetic/scene.hpp
/// @brief  Backgrounds of pictures, one for each industry.
/// @layer  data
#pragma once

#include <algorithm>
#include <cmath>

#include <ctp/core/philox.hpp>
#include <ctp/data/synthetic/canvas.hpp>
#include <ctp/data/synthetic/industry/industry.hpp>

namespace ctp::data::synthetic {

namespace detail {

/// Colour of `scene` at (u, v), both from 0 to 1, displaced by the random offsets (a, b) near 0.
inline Colour scene_colour(Scene scene, float u, float v, float a, float b) {
  const auto line = [](float x, float period, float width) { return to_multiple(x, period) < width; };
  const auto hill = [](float x, float height, float phase) { return 0.62F - height * std::sin(6.0F * x + phase); };
  switch (scene) {
    case Scene::Tiles: {
      const bool joint = line(u + a, 0.25F, 0.008F) || line(v + b, 0.25F, 0.008F);
      return joint ? rgb(136, 104, 88) : rgb(172, 138, 118);
    }
    case Scene::Room: {
      if (v < 0.68F + 0.3F * b) return mix(rgb(236, 226, 208), rgb(222, 208, 186), v);
      return line(u + a + 0.3F * v, 0.2F, 0.01F) ? rgb(138, 100, 66) : rgb(178, 134, 92);
    }
    case Scene::Table: {
      const bool check = std::fmod(std::floor((u + a + 1.0F) * 8.0F) + std::floor((v + b + 1.0F) * 8.0F), 2.0F) < 1.0F;
      const float dx = u - 0.5F, dy = v - 0.55F, plate = std::sqrt(dx * dx + dy * dy);
      if (plate < 0.44F) return plate > 0.41F ? rgb(214, 214, 210) : rgb(250, 249, 244);
      return check ? rgb(240, 226, 196) : rgb(226, 206, 166);
    }
    case Scene::Podium: {
      const float dx = (u - 0.5F - a) / 0.46F, dy = (v - 0.84F) / 0.13F;
      if (dx * dx + dy * dy < 1.0F) return rgb(252, 238, 238);
      return mix(rgb(248, 224, 228), rgb(226, 190, 204), v);
    }
    case Scene::Rail: {
      if (std::fabs(v - 0.06F) < 0.018F) return rgb(120, 116, 112);
      return mix(rgb(232, 232, 238), rgb(206, 208, 218), std::fabs(u - 0.5F - a) * 1.6F);
    }
    case Scene::Road: {
      if (v < 0.30F + 0.3F * b) return mix(rgb(170, 190, 206), rgb(206, 214, 216), v * 3.0F);
      const float lane = std::fabs(u - 0.5F - a) - 0.02F * (0.5F + 2.0F * v);
      return lane < 0.0F && std::fmod(v * 5.0F, 1.0F) < 0.6F ? rgb(228, 220, 180) : rgb(126, 128, 132);
    }
    case Scene::Nursery: {
      const float dx = to_multiple(u + a, 0.34F), dy = to_multiple(v + b, 0.34F);
      const float cloud = std::min(std::hypot(dx / 1.5F, dy), std::hypot(dx - 0.05F, dy + 0.04F));
      return cloud < 0.06F ? rgb(250, 252, 250) : mix(rgb(206, 230, 244), rgb(236, 240, 222), v);
    }
    case Scene::Hills: {
      if (v < hill(u, 0.08F, 9.0F * a)) return mix(rgb(150, 202, 236), rgb(214, 234, 240), v * 1.6F);
      return v < hill(u, 0.06F, 3.0F + 9.0F * b) + 0.18F ? rgb(128, 178, 104) : rgb(160, 196, 112);
    }
    case Scene::Studio: {
      const bool grid = line(u + a, 0.14F, 0.006F) || line(v + b, 0.14F, 0.006F);
      return grid ? rgb(124, 138, 164) : mix(rgb(146, 156, 180), rgb(172, 182, 202), v);
    }
  }
  return {};
}

}  // namespace detail

/// Fills the canvas with `scene`; `jitter` scales its random variation.
inline void paint_scene(Canvas& canvas, Scene scene, float jitter, RandomSubstream& random) {
  const float a = jitter * static_cast<float>(random.uniform(-0.1, 0.1));
  const float b = jitter * static_cast<float>(random.uniform(-0.1, 0.1));
  const float light = 1.0F + jitter * static_cast<float>(random.uniform(-0.06, 0.06));
  const float unit = 1.0F / static_cast<float>(canvas.size());
  for (int y = 0; y < canvas.size(); ++y) {
    for (int x = 0; x < canvas.size(); ++x) {
      const float u = (static_cast<float>(x) + 0.5F) * unit, v = (static_cast<float>(y) + 0.5F) * unit;
      canvas.at(x, y) = {scaled(detail::scene_colour(scene, u, v, a, b), light), 1.0F};
    }
  }
}

}  // namespace ctp::data::synthetic
