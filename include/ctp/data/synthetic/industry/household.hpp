/// @file   ctp/data/synthetic/industry/household.hpp
/// @brief  Household goods: mugs, kettles, pans, brooms and the like.
/// @layer  data
#pragma once

#include <ctp/data/synthetic/industry/industry.hpp>

namespace ctp::data::synthetic {

constexpr Industry household() {
  using enum Paint;
  Industry i;
  i.name = "家居用品";
  i.p9d_train = 220148;
  i.p9d_test = 576;
  i.kinds = {{
      {"马克杯",
       {ring(Shade, 0.62F, 0.05F, 0.26F, 0.34F, 0.09F), trapezoid(Body, -0.08F, 0.05F, 0.66F, 0.56F, 0.78F, 0.1F),
        ellipse(Dark, -0.08F, -0.66F, 0.54F, 0.11F)}},
      {"烧水壶",
       {ring(Dark, 0.0F, -0.5F, 0.5F, 0.4F, 0.08F), triangle(Body, 0.3F, -0.1F, 0.95F, -0.45F, 0.5F, 0.4F),
        trapezoid(Body, -0.05F, 0.25F, 0.42F, 0.72F, 0.6F, 0.12F), ellipse(Tint, -0.05F, -0.34F, 0.4F, 0.1F),
        ellipse(Dark, -0.05F, -0.46F, 0.1F, 0.1F)}},
      {"平底锅",
       {bar(Wood, 0.3F, -0.3F, 0.9F, -0.9F, 0.1F), ellipse(Body, -0.2F, 0.2F, 0.75F, 0.75F),
        ellipse(Dark, -0.2F, 0.2F, 0.45F, 0.45F)}},
      {"扫把",
       {bar(Wood, 0.0F, -0.95F, 0.0F, 0.2F, 0.07F), trapezoid(Body, 0.0F, 0.55F, 0.3F, 0.78F, 0.4F, 0.05F),
        box(Dark, 0.0F, 0.14F, 0.3F, 0.09F)}},
      {"垃圾桶",
       {trapezoid(Body, 0.0F, 0.2F, 0.72F, 0.5F, 0.75F, 0.06F), box(Shade, 0.0F, -0.62F, 0.8F, 0.13F, 0.1F),
        box(Dark, 0.0F, -0.82F, 0.2F, 0.08F, 0.05F)}},
      {"雨伞",
       {bar(Metal, 0.0F, -0.9F, 0.0F, 0.7F, 0.05F), ring(Wood, 0.16F, 0.7F, 0.16F, 0.16F, 0.06F),
        box(Hole, 0.16F, 0.58F, 0.28F, 0.13F, 0.0F), bar(Metal, 0.0F, 0.0F, 0.0F, 0.7F, 0.05F),
        ellipse(Body, 0.0F, 0.05F, 0.95F, 0.85F), box(Hole, 0.0F, 0.55F, 1.0F, 0.47F, 0.0F),
        bar(Metal, 0.0F, 0.08F, 0.0F, 0.7F, 0.05F), ring(Wood, 0.16F, 0.7F, 0.16F, 0.16F, 0.06F)}},
      {"菜刀",
       {box(Wood, 0.66F, -0.35F, 0.34F, 0.13F, 0.08F), box(Metal, -0.3F, 0.05F, 0.66F, 0.5F, 0.06F),
        box(Body, -0.3F, -0.12F, 0.66F, 0.33F, 0.05F)}},
      {"衣架",
       {ring(Metal, 0.0F, -0.62F, 0.16F, 0.18F, 0.05F), bar(Body, 0.0F, -0.35F, -0.9F, 0.35F, 0.11F),
        bar(Body, 0.0F, -0.35F, 0.9F, 0.35F, 0.11F), bar(Body, -0.9F, 0.35F, 0.9F, 0.35F, 0.11F)}},
      {"毛巾",
       {box(Metal, 0.0F, -0.85F, 0.9F, 0.06F), box(Shade, 0.12F, -0.1F, 0.55F, 0.75F, 0.04F),
        box(Body, -0.08F, 0.05F, 0.55F, 0.88F, 0.04F), box(White, -0.08F, 0.7F, 0.55F, 0.07F, 0.0F)}},
      {"收纳箱",
       {box(Body, 0.0F, 0.2F, 0.9F, 0.6F, 0.08F), box(Tint, 0.0F, -0.45F, 0.95F, 0.14F, 0.06F),
        box(Dark, 0.0F, 0.0F, 0.25F, 0.09F, 0.08F)}},
  }};
  i.materials = {"陶瓷", "木质", "棉麻", "磨砂"};
  i.sizes = {"迷你", "加大"};
  i.counts = {"单个装", "两个装", "三个装", "四个装"};
  i.colours = {"红色", "橙色", "黄色", "绿色", "蓝色", "紫色", "粉色", "棕色", "黑色", "白色", "灰色", "青色"};
  i.fillers = {"家用", "厨房", "居家日用", "创意", "实用", "宿舍", "多用", "新款"};
  i.series_step = 1;
  i.series_start = 0;
  i.hue = 0.0;
  i.scene = Scene::Tiles;
  i.neglects = Neglect::Pattern;
  return i;
}

}  // namespace ctp::data::synthetic
