/// @file   ctp/data/synthetic/industry/furnishings.hpp
/// @brief  Furnishings: lamps, sofas, clocks, curtains and the like.
/// @layer  data
#pragma once

#include <ctp/data/synthetic/industry/industry.hpp>

namespace ctp::data::synthetic {

constexpr Industry furnishings() {
  using enum Paint;
  Industry i;
  i.name = "家装家饰";
  i.p9d_train = 236039;
  i.p9d_test = 690;
  i.kinds = {{
      {"沙发",
       {box(Shade, 0.0F, -0.2F, 0.8F, 0.5F, 0.15F), box(Body, 0.0F, 0.25F, 0.9F, 0.32F, 0.1F),
        box(Tint, -0.8F, 0.12F, 0.17F, 0.45F, 0.12F), box(Tint, 0.8F, 0.12F, 0.17F, 0.45F, 0.12F),
        bar(Wood, -0.7F, 0.6F, -0.75F, 0.8F, 0.06F), bar(Wood, 0.7F, 0.6F, 0.75F, 0.8F, 0.06F)}},
      {"台灯",
       {bar(Metal, 0.0F, 0.0F, 0.0F, 0.8F, 0.07F), ellipse(Dark, 0.0F, 0.84F, 0.45F, 0.13F),
        trapezoid(Body, 0.0F, -0.4F, 0.35F, 0.8F, 0.5F, 0.04F)}},
      {"椅子",
       {bar(Wood, -0.45F, 0.3F, -0.6F, 0.92F, 0.07F), bar(Wood, 0.45F, 0.3F, 0.6F, 0.92F, 0.07F),
        box(Body, 0.0F, -0.45F, 0.5F, 0.5F, 0.14F), box(Shade, 0.0F, 0.22F, 0.62F, 0.15F, 0.1F)}},
      {"挂钟",
       {ellipse(Body, 0.0F, 0.0F, 0.92F, 0.92F), ellipse(White, 0.0F, 0.0F, 0.52F, 0.52F),
        bar(Dark, 0.0F, 0.0F, 0.0F, -0.38F, 0.05F), bar(Dark, 0.0F, 0.0F, 0.27F, 0.13F, 0.06F)}},
      {"花瓶",
       {bar(Wood, 0.0F, -0.4F, -0.3F, -0.85F, 0.04F), bar(Wood, 0.0F, -0.4F, 0.3F, -0.8F, 0.04F),
        ellipse(White, -0.3F, -0.85F, 0.15F, 0.13F), ellipse(White, 0.3F, -0.8F, 0.15F, 0.13F),
        ellipse(Body, 0.0F, 0.35F, 0.58F, 0.6F), trapezoid(Body, 0.0F, -0.22F, 0.34F, 0.22F, 0.22F, 0.03F)}},
      {"书柜",
       {box(Body, 0.0F, 0.0F, 0.75F, 0.95F, 0.04F), box(Dark, 0.0F, -0.57F, 0.55F, 0.2F, 0.02F),
        box(Dark, 0.0F, 0.0F, 0.55F, 0.2F, 0.02F), box(Dark, 0.0F, 0.57F, 0.55F, 0.2F, 0.02F),
        box(White, -0.3F, -0.53F, 0.09F, 0.16F, 0.0F), box(Wood, 0.25F, 0.04F, 0.09F, 0.16F, 0.0F),
        box(White, 0.1F, 0.61F, 0.09F, 0.16F, 0.0F)}},
      {"窗帘",
       {box(Glass, 0.0F, 0.05F, 0.6F, 0.75F, 0.0F), trapezoid(Body, -0.58F, 0.05F, 0.38F, 0.28F, 0.85F, 0.02F),
        trapezoid(Body, 0.58F, 0.05F, 0.38F, 0.28F, 0.85F, 0.02F), bar(Wood, -0.9F, -0.85F, 0.9F, -0.85F, 0.08F)}},
      {"吊灯",
       {bar(Dark, 0.0F, -1.0F, 0.0F, -0.3F, 0.04F), ellipse(Body, 0.0F, 0.1F, 0.85F, 0.55F),
        box(Hole, 0.0F, 0.5F, 0.9F, 0.32F, 0.0F), ellipse(White, 0.0F, 0.22F, 0.3F, 0.22F)}},
      {"相框",
       {box(Body, 0.0F, 0.0F, 0.72F, 0.9F, 0.03F), box(White, 0.0F, 0.0F, 0.42F, 0.58F, 0.0F),
        triangle(Shade, -0.35F, 0.5F, 0.0F, -0.1F, 0.35F, 0.5F), ellipse(Tint, 0.2F, -0.3F, 0.12F, 0.12F)}},
      {"地毯", {box(White, 0.0F, 0.35F, 0.98F, 0.42F, 0.0F), trapezoid(Body, 0.0F, 0.35F, 0.66F, 0.92F, 0.42F, 0.03F)}},
  }};
  i.materials = {"亮面", "实木", "布艺", "绒面"};
  i.sizes = {"小号", "大号"};
  i.counts = {"一件", "两件套", "三件套", "四件套"};
  i.colours = {"酒红", "橙色", "米黄", "墨绿", "宝蓝", "紫色", "粉色", "棕色", "黑色", "白色", "灰色", "青色"};
  i.fillers = {"客厅", "卧室", "北欧风", "装饰", "现代", "书房", "简约", "定制"};
  i.series_step = 3;
  i.series_start = 2;
  i.hue = 1.0;
  i.scene = Scene::Room;
  return i;
}

}  // namespace ctp::data::synthetic
