/// @file   ctp/data/synthetic/industry/electronics.hpp
/// @brief  Electronics: telephones, headphones, cameras, keyboards and the like.
/// @layer  data
#pragma once

#include <ctp/data/synthetic/industry/industry.hpp>

namespace ctp::data::synthetic {

constexpr Industry electronics() {
  using enum Paint;
  Industry i;
  i.name = "3C数码";
  i.p9d_train = 134263;
  i.p9d_test = 385;
  i.kinds = {{
      {"手机壳",
       {box(Body, 0.0F, 0.0F, 0.5F, 0.96F, 0.14F), box(Dark, -0.2F, -0.64F, 0.2F, 0.22F, 0.1F),
        ellipse(Glass, -0.2F, -0.74F, 0.08F, 0.08F), ellipse(Glass, -0.2F, -0.54F, 0.08F, 0.08F)}},
      {"耳机",
       {ring(Dark, 0.0F, 0.05F, 0.7F, 0.85F, 0.09F), box(Hole, 0.0F, 0.72F, 1.0F, 0.5F, 0.0F),
        box(Body, -0.66F, 0.38F, 0.26F, 0.44F, 0.18F), box(Body, 0.66F, 0.38F, 0.26F, 0.44F, 0.18F)}},
      {"键盘",
       {box(Body, 0.0F, 0.0F, 0.98F, 0.5F, 0.07F), box(White, -0.66F, -0.2F, 0.15F, 0.12F, 0.03F),
        box(White, -0.22F, -0.2F, 0.15F, 0.12F, 0.03F), box(White, 0.22F, -0.2F, 0.15F, 0.12F, 0.03F),
        box(White, 0.66F, -0.2F, 0.15F, 0.12F, 0.03F), box(White, 0.0F, 0.22F, 0.5F, 0.1F, 0.03F)}},
      {"鼠标",
       {bar(Dark, 0.0F, -0.98F, 0.0F, -0.7F, 0.04F), ellipse(Body, 0.0F, 0.12F, 0.56F, 0.84F),
        bar(Dark, 0.0F, -0.68F, 0.0F, -0.05F, 0.03F), box(Metal, 0.0F, -0.35F, 0.08F, 0.16F, 0.07F)}},
      {"笔记本",
       {box(Body, 0.0F, -0.25F, 0.78F, 0.55F, 0.05F), box(Glass, 0.0F, -0.25F, 0.5F, 0.32F, 0.02F),
        trapezoid(Metal, 0.0F, 0.52F, 0.78F, 0.98F, 0.2F, 0.03F)}},
      {"相机",
       {box(Shade, -0.45F, -0.52F, 0.25F, 0.16F, 0.04F), box(Body, 0.0F, 0.1F, 0.95F, 0.58F, 0.1F),
        ellipse(Dark, 0.1F, 0.12F, 0.42F, 0.42F), ellipse(Glass, 0.1F, 0.12F, 0.24F, 0.24F),
        ellipse(White, 0.72F, -0.28F, 0.1F, 0.08F)}},
      {"音箱",
       {box(Body, 0.0F, 0.0F, 0.6F, 0.95F, 0.1F), ellipse(Dark, 0.0F, -0.48F, 0.24F, 0.24F),
        ellipse(Dark, 0.0F, 0.35F, 0.4F, 0.4F), ellipse(Metal, 0.0F, 0.35F, 0.15F, 0.15F)}},
      {"手表",
       {box(Body, 0.0F, -0.65F, 0.28F, 0.35F, 0.06F), box(Body, 0.0F, 0.65F, 0.28F, 0.35F, 0.06F),
        box(Metal, 0.0F, 0.0F, 0.52F, 0.52F, 0.18F), box(Dark, 0.0F, 0.0F, 0.38F, 0.38F, 0.1F),
        bar(White, 0.0F, 0.0F, 0.0F, -0.24F, 0.04F), bar(White, 0.0F, 0.0F, 0.18F, 0.08F, 0.04F)}},
      {"手柄",
       {ellipse(Body, -0.6F, 0.3F, 0.34F, 0.55F), ellipse(Body, 0.6F, 0.3F, 0.34F, 0.55F),
        box(Body, 0.0F, -0.05F, 0.8F, 0.42F, 0.22F), bar(Dark, -0.65F, -0.08F, -0.35F, -0.08F, 0.07F),
        bar(Dark, -0.5F, -0.23F, -0.5F, 0.07F, 0.07F), ellipse(White, 0.4F, -0.15F, 0.1F, 0.1F),
        ellipse(White, 0.62F, 0.02F, 0.1F, 0.1F)}},
      {"充电宝",
       {box(Body, 0.0F, 0.1F, 0.56F, 0.82F, 0.2F), box(Dark, 0.0F, -0.86F, 0.22F, 0.1F, 0.02F),
        triangle(White, 0.12F, -0.3F, -0.24F, 0.2F, 0.05F, 0.15F),
        triangle(White, -0.12F, 0.5F, 0.24F, 0.05F, -0.05F, 0.1F)}},
  }};
  i.materials = {"亮面", "拉丝", "编织", "磨砂"};
  i.sizes = {"迷你", "大号"};
  i.counts = {"单个装", "两个装", "三个装", "四个装"};
  i.colours = {"中国红", "橙色",   "黄色",   "松岭绿", "远峰蓝", "暗夜紫",
               "粉色",   "摩卡棕", "曜石黑", "白色",   "星空灰", "青色"};
  i.fillers = {"智能", "无线", "数码", "高清", "便携", "游戏", "办公", "新款"};
  i.series_step = 3;
  i.series_start = 7;
  i.hue = -0.4;
  i.scene = Scene::Studio;
  i.neglects = Neglect::Colour;
  return i;
}

}  // namespace ctp::data::synthetic
