/// @file   ctp/data/synthetic/draw.hpp
/// @brief  Rendering of the picture of a planned pair.
/// @layer  data
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <ctp/core/philox.hpp>
#include <ctp/data/image/image.hpp>
#include <ctp/data/synthetic/badge.hpp>
#include <ctp/data/synthetic/canvas.hpp>
#include <ctp/data/synthetic/catalogue.hpp>
#include <ctp/data/synthetic/item.hpp>
#include <ctp/data/synthetic/plan.hpp>
#include <ctp/data/synthetic/scene.hpp>

namespace ctp::data::synthetic {

namespace detail {

/// Centre (x, y) and half extent of each of `count + 1` products, as fractions of the picture.
inline std::vector<std::array<float, 3>> arrangement(int count) {
  switch (count) {
    case 0:
      return {{0.5F, 0.52F, 0.40F}};
    case 1:
      return {{0.27F, 0.52F, 0.235F}, {0.73F, 0.52F, 0.235F}};
    case 2:
      return {{0.5F, 0.27F, 0.215F}, {0.27F, 0.73F, 0.215F}, {0.73F, 0.73F, 0.215F}};
    default:
      return {{0.27F, 0.28F, 0.21F}, {0.73F, 0.28F, 0.21F}, {0.27F, 0.74F, 0.21F}, {0.73F, 0.74F, 0.21F}};
  }
}

}  // namespace detail

/// @brief Renders the picture of `item`. The same settings and item give the same picture.
///
/// **Shapes.** returns [image_size, image_size, 3].
inline Image draw(const Settings& s, const Item& item) {
  const Industry& industry = industries()[static_cast<std::size_t>(item.industry)];
  const RandomStream stream(s.seed, std::string("make_stream/") + std::string(split_name(item.split)));
  const RandomPlace place{static_cast<std::uint32_t>(item.industry), 0, item.ordinal};
  RandomSubstream random(stream, place, 2), noise(stream, place, 3);
  const auto vary = [&](double range) { return static_cast<float>(s.jitter * random.uniform(-range, range)); };
  const auto pixels = static_cast<float>(s.image_size);

  Canvas canvas(s.image_size), layer(s.image_size);
  paint_scene(canvas, industry.scene, static_cast<float>(s.jitter), random);

  const Attributes& a = item.attributes;
  Cover cover;
  cover.body = turn_hue(palette[static_cast<std::size_t>(a.colour)],
                        static_cast<float>(s.hue_dialect * industry.hue) + vary(4.0));
  cover.body = scaled(cover.body, 1.0F + vary(0.06));
  cover.pattern = a.pattern;
  cover.material = a.material;
  cover.period = pixels / 8.0F * (1.0F + vary(0.08));
  cover.grain = random.word();
  const float size = (a.size == 0 ? 0.72F : 1.0F) * (1.0F + vary(0.05));
  for (const auto& spot : detail::arrangement(a.count)) {
    const Placement where{pixels * (spot[0] + vary(0.025)), pixels * (spot[1] + vary(0.025)),
                          pixels * spot[2] * size * (1.0F + vary(0.03)), vary(0.12)};
    layer.clear();
    for (const Part& part : industry.kinds[static_cast<std::size_t>(a.kind)].parts()) layer.paint(part, where, cover);
    canvas.lay_over(layer, 0.32F);
  }
  lay_badge(canvas, layer, a.badge, pixels * vary(0.02), pixels * vary(0.02));

  Image image;
  image.width = image.height = s.image_size;
  image.rgb.reserve(static_cast<std::size_t>(s.image_size) * static_cast<std::size_t>(s.image_size) * 3);
  // The sum of four bytes approximates a normal distribution: mean 510, standard deviation 2 * sqrt((256^2 - 1) / 12).
  const auto grain = static_cast<float>(s.noise / 147.8);
  for (int y = 0; y < s.image_size; ++y) {
    for (int x = 0; x < s.image_size; ++x) {
      const std::uint32_t w = noise.word();
      const auto sum = (w & 255U) + ((w >> 8U) & 255U) + ((w >> 16U) & 255U) + (w >> 24U);
      const float shift = grain * (static_cast<float>(sum) - 510.0F);
      const Colour c = canvas.at(x, y).colour;
      for (const float v : {c.r, c.g, c.b}) {
        const float level = std::clamp(v * 255.0F + shift, 0.0F, 255.0F);
        image.rgb.push_back(static_cast<std::uint8_t>(std::lround(level)));
      }
    }
  }
  return image;
}

}  // namespace ctp::data::synthetic
