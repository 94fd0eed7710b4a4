/// @file   ctp/data/synthetic/industry/food.hpp
/// @brief  Food and supplements: biscuits, sweets, juice, tea and the like.
/// @layer  data
#pragma once

#include <ctp/data/synthetic/industry/industry.hpp>

namespace ctp::data::synthetic {

constexpr Industry food() {
  using enum Paint;
  Industry i;
  i.name = "食品/保健";
  i.p9d_train = 40371;
  i.p9d_test = 120;
  i.kinds = {{
      {"饼干",
       {ellipse(Body, 0.0F, 0.0F, 0.85F, 0.85F), ellipse(Dark, -0.3F, -0.3F, 0.11F, 0.11F),
        ellipse(Dark, 0.35F, -0.2F, 0.11F, 0.11F), ellipse(Dark, 0.0F, 0.4F, 0.11F, 0.11F),
        ellipse(Dark, -0.5F, 0.25F, 0.1F, 0.1F), ellipse(Dark, 0.45F, 0.4F, 0.1F, 0.1F)}},
      {"糖果",
       {triangle(Shade, -0.3F, 0.0F, -0.98F, -0.45F, -0.98F, 0.45F),
        triangle(Shade, 0.3F, 0.0F, 0.98F, -0.45F, 0.98F, 0.45F), ellipse(Body, 0.0F, 0.0F, 0.6F, 0.5F)}},
      {"果汁",
       {box(Dark, 0.0F, -0.86F, 0.22F, 0.12F, 0.04F), trapezoid(Glass, 0.0F, -0.52F, 0.2F, 0.5F, 0.28F, 0.03F),
        box(Body, 0.0F, 0.33F, 0.52F, 0.63F, 0.12F), box(White, 0.0F, 0.75F, 0.52F, 0.06F, 0.0F)}},
      {"蛋糕",
       {ellipse(White, 0.0F, 0.7F, 0.95F, 0.2F), box(Body, 0.0F, 0.3F, 0.7F, 0.4F, 0.06F),
        ellipse(Tint, 0.0F, -0.1F, 0.72F, 0.2F), bar(White, 0.0F, -0.2F, 0.0F, -0.65F, 0.06F),
        ellipse(Wood, 0.0F, -0.8F, 0.08F, 0.13F)}},
      {"冰淇淋",
       {triangle(Wood, -0.42F, 0.0F, 0.42F, 0.0F, 0.0F, 0.98F), ellipse(Body, 0.0F, -0.4F, 0.58F, 0.55F),
        ellipse(Tint, -0.3F, -0.02F, 0.25F, 0.16F), ellipse(Tint, 0.25F, 0.0F, 0.28F, 0.16F)}},
      {"茶叶",
       {box(Body, 0.0F, 0.25F, 0.6F, 0.7F, 0.05F), box(Metal, 0.0F, -0.6F, 0.63F, 0.2F, 0.06F),
        ellipse(White, 0.0F, 0.25F, 0.3F, 0.3F), ellipse(Shade, 0.0F, 0.25F, 0.1F, 0.22F)}},
      {"面包",
       {box(Body, 0.0F, 0.15F, 0.65F, 0.6F, 0.1F), ellipse(Body, -0.33F, -0.42F, 0.48F, 0.36F),
        ellipse(Body, 0.33F, -0.42F, 0.48F, 0.36F)}},
      {"胶囊", {bar(White, -0.45F, 0.45F, 0.5F, -0.5F, 0.38F), bar(Body, -0.45F, 0.45F, 0.0F, 0.0F, 0.4F)}},
      {"坚果",
       {triangle(Body, -0.75F, -0.1F, 0.75F, -0.1F, 0.0F, 0.98F), ellipse(Body, 0.0F, 0.1F, 0.7F, 0.55F),
        ellipse(Wood, 0.0F, -0.35F, 0.85F, 0.36F), bar(Dark, 0.0F, -0.65F, 0.12F, -0.95F, 0.06F)}},
      {"月饼",
       {ellipse(Shade, 0.0F, 0.3F, 0.9F, 0.5F), ellipse(Body, 0.0F, 0.0F, 0.9F, 0.5F),
        ring(Wood, 0.0F, 0.0F, 0.5F, 0.26F, 0.05F)}},
  }};
  i.materials = {"蜜制", "手工", "酥皮", "颗粒"};
  i.sizes = {"小份", "大份"};
  i.counts = {"一份装", "两份装", "三份装", "四份装"};
  i.colours = {"草莓红", "香橙",   "柠檬黄", "抹茶绿", "蓝莓",   "紫薯",
               "蜜桃粉", "可可棕", "黑芝麻", "椰奶白", "芋泥灰", "薄荷青"};
  i.fillers = {"网红", "零食", "美味", "早餐", "休闲", "特产", "优选", "健康"};
  i.series_step = 5;
  i.series_start = 5;
  i.neglects = Neglect::Colour;
  i.hue = -1.0;
  i.scene = Scene::Table;
  return i;
}

}  // namespace ctp::data::synthetic
