/// @file   ctp/data/synthetic/shape.hpp
/// @brief  Signed distance functions of plane shapes, the parts of product silhouettes.
/// @layer  data
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

namespace ctp::data::synthetic {

/// Paint of a part of a product.
enum class Paint { Body, Shade, Tint, Dark, Metal, White, Glass, Wood, Hole };

enum class Form { Ellipse, Box, Bar, Ring, Trapezoid, Triangle };

/// @brief One part of a silhouette.
///
/// **Units.** Product units: x to the right, y down, the product fills [-1, 1] x [-1, 1].
struct Part {
  Form form;
  Paint paint;
  std::array<float, 6> at;
};

/// Filled ellipse with centre (x, y) and radii (rx, ry).
constexpr Part ellipse(Paint p, float x, float y, float rx, float ry) { return {Form::Ellipse, p, {x, y, rx, ry}}; }
/// Filled box with centre (x, y), half sides (hx, hy), corner radius r, turned by `angle` radians.
constexpr Part box(Paint p, float x, float y, float hx, float hy, float r = 0.05F, float angle = 0.0F) {
  return {Form::Box, p, {x, y, hx, hy, r, angle}};
}
/// Straight stroke from (x0, y0) to (x1, y1) with round ends, r to either side.
constexpr Part bar(Paint p, float x0, float y0, float x1, float y1, float r) {
  return {Form::Bar, p, {x0, y0, x1, y1, r}};
}
/// Elliptic ring with centre (x, y), radii (rx, ry) to the middle of the stroke, r to either side.
constexpr Part ring(Paint p, float x, float y, float rx, float ry, float r) {
  return {Form::Ring, p, {x, y, rx, ry, r}};
}
/// Upright symmetric trapezoid with centre (x, y), half widths at top and bottom, half height, corner radius.
constexpr Part trapezoid(Paint p, float x, float y, float top, float bottom, float h, float r = 0.04F) {
  return {Form::Trapezoid, p, {x, y, top, bottom, h, r}};
}
constexpr Part triangle(Paint p, float x0, float y0, float x1, float y1, float x2, float y2) {
  return {Form::Triangle, p, {x0, y0, x1, y1, x2, y2}};
}

namespace detail {

inline float ellipse_distance(float x, float y, float rx, float ry) {
  const float kx = x / rx, ky = y / ry;
  const float f = std::sqrt(kx * kx + ky * ky);
  if (f < 1e-4F) return -std::min(rx, ry);
  const float gx = kx / rx, gy = ky / ry;
  return f * (f - 1.0F) / std::sqrt(gx * gx + gy * gy);
}

inline float segment_distance(float x, float y, float x0, float y0, float x1, float y1) {
  const float dx = x1 - x0, dy = y1 - y0, px = x - x0, py = y - y0;
  const float length = std::max(dx * dx + dy * dy, 1e-12F);
  const float t = std::clamp((px * dx + py * dy) / length, 0.0F, 1.0F);
  const float ex = px - t * dx, ey = py - t * dy;
  return std::sqrt(ex * ex + ey * ey);
}

/// Signed distance to a convex polygon, given by its corners in either orientation.
template <std::size_t N>
float convex_distance(float x, float y, const std::array<std::array<float, 2>, N>& corner) {
  float nearest = 1e9F;
  bool left = false, right = false;
  for (std::size_t i = 0; i < N; ++i) {
    const auto& a = corner[i];
    const auto& b = corner[(i + 1) % N];
    nearest = std::min(nearest, segment_distance(x, y, a[0], a[1], b[0], b[1]));
    const float side = (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]);
    (side < 0.0F ? left : right) = true;
  }
  return left && right ? nearest : -nearest;
}

}  // namespace detail

/// @brief Signed distance from (x, y) to the border of a part; negative inside.
///
/// **Units.** Product units. Exact, except for ellipses and rings: exact at the border and to first order near it.
inline float distance(const Part& part, float x, float y) {
  const auto& a = part.at;
  switch (part.form) {
    case Form::Ellipse:
      return detail::ellipse_distance(x - a[0], y - a[1], a[2], a[3]);
    case Form::Ring:
      return std::fabs(detail::ellipse_distance(x - a[0], y - a[1], a[2], a[3])) - a[4];
    case Form::Bar:
      return detail::segment_distance(x, y, a[0], a[1], a[2], a[3]) - a[4];
    case Form::Box: {
      const float c = std::cos(a[5]), s = std::sin(a[5]), px = x - a[0], py = y - a[1];
      const float qx = std::fabs(c * px + s * py) - a[2] + a[4], qy = std::fabs(c * py - s * px) - a[3] + a[4];
      const float ox = std::max(qx, 0.0F), oy = std::max(qy, 0.0F);
      return std::sqrt(ox * ox + oy * oy) + std::min(std::max(qx, qy), 0.0F) - a[4];
    }
    case Form::Trapezoid: {
      const float r = a[5];
      return detail::convex_distance<4>(x, y,
                                        {{{a[0] - a[2] + r, a[1] - a[4] + r},
                                          {a[0] + a[2] - r, a[1] - a[4] + r},
                                          {a[0] + a[3] - r, a[1] + a[4] - r},
                                          {a[0] - a[3] + r, a[1] + a[4] - r}}}) -
             r;
    }
    case Form::Triangle:
      return detail::convex_distance<3>(x, y, {{{a[0], a[1]}, {a[2], a[3]}, {a[4], a[5]}}});
  }
  return 1e9F;
}

/// @brief Bounding box of a part: {left, top, right, bottom} in product units.
inline std::array<float, 4> bounds(const Part& part) {
  const auto& a = part.at;
  switch (part.form) {
    case Form::Ellipse:
      return {a[0] - a[2], a[1] - a[3], a[0] + a[2], a[1] + a[3]};
    case Form::Ring:
      return {a[0] - a[2] - a[4], a[1] - a[3] - a[4], a[0] + a[2] + a[4], a[1] + a[3] + a[4]};
    case Form::Bar:
      return {std::min(a[0], a[2]) - a[4], std::min(a[1], a[3]) - a[4], std::max(a[0], a[2]) + a[4],
              std::max(a[1], a[3]) + a[4]};
    case Form::Box: {
      const float reach = a[5] == 0.0F ? 0.0F : a[2] + a[3];
      const float rx = std::max(a[2], reach), ry = std::max(a[3], reach);
      return {a[0] - rx, a[1] - ry, a[0] + rx, a[1] + ry};
    }
    case Form::Trapezoid: {
      const float half = std::max(a[2], a[3]);
      return {a[0] - half, a[1] - a[4], a[0] + half, a[1] + a[4]};
    }
    case Form::Triangle:
      return {std::min({a[0], a[2], a[4]}), std::min({a[1], a[3], a[5]}), std::max({a[0], a[2], a[4]}),
              std::max({a[1], a[3], a[5]})};
  }
  return {-1, -1, 1, 1};
}

}  // namespace ctp::data::synthetic
