/// @file   ctp/data/synthetic/badge.hpp
/// @brief  The seller's badge in the corner of a picture; all industries share its shapes and colours.
/// @layer  data
#pragma once

#include <array>
#include <string_view>

#include <ctp/data/synthetic/canvas.hpp>
#include <ctp/data/synthetic/palette.hpp>
#include <ctp/data/synthetic/settings.hpp>
#include <ctp/data/synthetic/shape.hpp>

namespace ctp::data::synthetic {

/// Words for the badges in titles, by badge number: free shipping, new, best seller, special price, genuine, limited.
inline constexpr std::array<std::string_view, max_badges> badge_words = {"包邮", "新品", "热卖",
                                                                         "特价", "正品", "限量"};

/// Colour and shape of a badge. **Units.** product units.
struct Badge {
  Colour colour;
  Part shape;
};

inline constexpr std::array<Badge, max_badges> badges = {{
    {rgb(226, 30, 36), ellipse(Paint::Body, 0.0F, 0.0F, 0.9F, 0.9F)},
    {rgb(250, 214, 40), box(Paint::Body, 0.0F, 0.0F, 0.85F, 0.85F)},
    {rgb(34, 160, 66), triangle(Paint::Body, -0.95F, 0.85F, 0.95F, 0.85F, 0.0F, -0.95F)},
    {rgb(36, 92, 214), box(Paint::Body, 0.0F, 0.0F, 0.68F, 0.68F, 0.05F, 0.785F)},
    {rgb(250, 250, 250), ring(Paint::Body, 0.0F, 0.0F, 0.66F, 0.66F, 0.26F)},
    {rgb(120, 52, 170), trapezoid(Paint::Body, 0.0F, 0.0F, 0.3F, 0.95F, 0.8F)},
}};

/// @brief Paints badge `number` over the upper left corner of `picture`. `layer`: scratch canvas of the same size.
///
/// **Units.** dx, dy: displacement of the badge, pixels.
inline void lay_badge(Canvas& picture, Canvas& layer, int number, float dx, float dy) {
  const Badge& badge = badges[static_cast<std::size_t>(number)];
  const auto pixels = static_cast<float>(picture.size());
  Cover cover;
  cover.body = badge.colour;
  layer.clear();
  layer.paint(badge.shape, {pixels * 0.13F + dx, pixels * 0.13F + dy, pixels * 0.11F, 0.0F}, cover);
  picture.lay_over(layer, 0.2F);
}

}  // namespace ctp::data::synthetic
