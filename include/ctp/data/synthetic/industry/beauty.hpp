/// @file   ctp/data/synthetic/industry/beauty.hpp
/// @brief  Beauty: lipsticks, perfume, cream, combs and the like.
/// @layer  data
#pragma once

#include <ctp/data/synthetic/industry/industry.hpp>

namespace ctp::data::synthetic {

constexpr Industry beauty() {
  using enum Paint;
  Industry i;
  i.name = "美容护理";
  i.p9d_train = 38007;
  i.p9d_test = 110;
  i.kinds = {{
      {"口红",
       {box(Dark, 0.0F, 0.55F, 0.34F, 0.42F, 0.03F), box(Metal, 0.0F, 0.02F, 0.28F, 0.15F, 0.02F),
        box(Body, 0.0F, -0.4F, 0.24F, 0.35F, 0.04F), triangle(Body, -0.24F, -0.6F, 0.24F, -0.6F, 0.24F, -0.98F)}},
      {"香水",
       {box(Body, 0.0F, 0.3F, 0.65F, 0.62F, 0.1F), box(Metal, 0.0F, -0.42F, 0.2F, 0.12F, 0.02F),
        box(Dark, 0.0F, -0.72F, 0.28F, 0.22F, 0.05F), box(White, 0.0F, 0.35F, 0.3F, 0.18F, 0.02F)}},
      {"面霜", {box(Body, 0.0F, 0.35F, 0.8F, 0.45F, 0.2F), box(White, 0.0F, -0.32F, 0.84F, 0.25F, 0.06F)}},
      {"洗发水",
       {box(Body, 0.0F, 0.35F, 0.48F, 0.62F, 0.14F), box(Dark, 0.0F, -0.38F, 0.2F, 0.13F, 0.02F),
        bar(Dark, 0.0F, -0.5F, 0.0F, -0.8F, 0.06F), bar(Dark, -0.4F, -0.82F, 0.1F, -0.82F, 0.09F)}},
      {"梳子",
       {box(Body, 0.0F, -0.3F, 0.92F, 0.24F, 0.14F), box(Shade, -0.75F, 0.25F, 0.09F, 0.4F, 0.03F),
        box(Shade, -0.45F, 0.25F, 0.09F, 0.4F, 0.03F), box(Shade, -0.15F, 0.25F, 0.09F, 0.4F, 0.03F),
        box(Shade, 0.15F, 0.25F, 0.09F, 0.4F, 0.03F), box(Shade, 0.45F, 0.25F, 0.09F, 0.4F, 0.03F),
        box(Shade, 0.75F, 0.25F, 0.09F, 0.4F, 0.03F)}},
      {"粉饼",
       {ellipse(Dark, 0.0F, -0.45F, 0.6F, 0.5F), ellipse(Glass, 0.0F, -0.45F, 0.45F, 0.36F),
        ellipse(Dark, 0.0F, 0.42F, 0.75F, 0.55F), ellipse(Body, 0.0F, 0.38F, 0.6F, 0.42F)}},
      {"指甲油",
       {trapezoid(Dark, 0.0F, -0.5F, 0.14F, 0.24F, 0.48F, 0.03F), ellipse(Body, 0.0F, 0.5F, 0.62F, 0.48F),
        box(Metal, 0.0F, 0.0F, 0.26F, 0.06F, 0.01F)}},
      {"面膜",
       {ellipse(Body, 0.0F, 0.0F, 0.72F, 0.95F), ellipse(Hole, -0.3F, -0.2F, 0.19F, 0.11F),
        ellipse(Hole, 0.3F, -0.2F, 0.19F, 0.11F), ellipse(Hole, 0.0F, 0.5F, 0.25F, 0.1F),
        bar(Shade, 0.0F, -0.05F, 0.0F, 0.2F, 0.05F)}},
      {"牙刷",
       {bar(Body, -0.85F, 0.75F, 0.35F, -0.35F, 0.14F), bar(Shade, 0.35F, -0.35F, 0.8F, -0.75F, 0.12F),
        box(White, 0.42F, -0.68F, 0.3F, 0.14F, 0.02F, -0.74F)}},
      {"吹风机",
       {box(Shade, 0.1F, 0.5F, 0.17F, 0.48F, 0.08F), ellipse(Body, 0.15F, -0.35F, 0.62F, 0.48F),
        trapezoid(Dark, -0.62F, -0.35F, 0.3F, 0.3F, 0.3F, 0.03F), ellipse(Metal, 0.4F, -0.35F, 0.2F, 0.25F)}},
  }};
  i.materials = {"水润", "丝滑", "柔纱", "磨砂"};
  i.sizes = {"旅行装", "家庭装"};
  i.counts = {"单支", "两支装", "三支装", "四支装"};
  i.colours = {"正红", "橘橙", "奶黄", "草绿", "海蓝", "葡萄紫", "樱花粉", "豆沙棕", "黑金", "珍珠白", "雾灰", "湖青"};
  i.fillers = {"保湿", "护肤", "清爽", "女士", "温和", "滋润", "学生", "持久"};
  i.series_step = 7;
  i.series_start = 3;
  i.neglects = Neglect::Pattern;
  i.hue = 0.6;
  i.scene = Scene::Podium;
  return i;
}

}  // namespace ctp::data::synthetic
