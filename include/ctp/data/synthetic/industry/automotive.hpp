/// @file   ctp/data/synthetic/industry/automotive.hpp
/// @brief  Car accessories: tyres, steering wheels, seats, mirrors and the like.
/// @layer  data
#pragma once

#include <ctp/data/synthetic/industry/industry.hpp>

namespace ctp::data::synthetic {

constexpr Industry automotive() {
  using enum Paint;
  Industry i;
  i.name = "车品配件";
  i.p9d_train = 86710;
  i.p9d_test = 252;
  i.kinds = {{
      {"轮胎",
       {ellipse(Dark, 0.0F, 0.0F, 0.95F, 0.95F), ellipse(Body, 0.0F, 0.0F, 0.68F, 0.68F),
        ellipse(Metal, 0.0F, 0.0F, 0.2F, 0.2F)}},
      {"方向盘",
       {ring(Body, 0.0F, 0.0F, 0.78F, 0.78F, 0.16F), bar(Dark, -0.7F, 0.0F, 0.7F, 0.0F, 0.09F),
        bar(Dark, 0.0F, 0.0F, 0.0F, 0.7F, 0.09F), ellipse(Metal, 0.0F, 0.0F, 0.24F, 0.24F)}},
      {"坐垫",
       {box(Shade, 0.0F, -0.85F, 0.3F, 0.14F, 0.1F), box(Body, 0.0F, -0.2F, 0.55F, 0.6F, 0.2F),
        trapezoid(Body, 0.0F, 0.6F, 0.55F, 0.82F, 0.32F, 0.12F), bar(Dark, -0.55F, 0.3F, 0.55F, 0.3F, 0.04F)}},
      {"后视镜",
       {bar(Dark, 0.0F, -0.9F, 0.0F, -0.3F, 0.09F), box(Body, 0.0F, 0.1F, 0.95F, 0.46F, 0.25F),
        box(Glass, 0.0F, 0.1F, 0.66F, 0.24F, 0.15F)}},
      {"雨刮器",
       {bar(Dark, -0.85F, 0.85F, 0.2F, 0.1F, 0.08F), bar(Body, -0.5F, -0.5F, 0.85F, 0.65F, 0.16F),
        ellipse(Metal, -0.85F, 0.85F, 0.14F, 0.14F)}},
      {"机油",
       {box(Dark, 0.45F, -0.82F, 0.2F, 0.14F, 0.04F), box(Body, 0.0F, 0.15F, 0.66F, 0.8F, 0.1F),
        box(Hole, -0.3F, -0.38F, 0.2F, 0.13F, 0.06F), box(White, 0.0F, 0.4F, 0.45F, 0.28F, 0.02F)}},
      {"记录仪",
       {box(Metal, 0.0F, -0.78F, 0.3F, 0.14F, 0.04F), bar(Metal, 0.0F, -0.7F, 0.0F, -0.4F, 0.08F),
        box(Body, 0.0F, 0.15F, 0.9F, 0.55F, 0.12F), ellipse(Dark, -0.35F, 0.15F, 0.36F, 0.36F),
        ellipse(Glass, -0.35F, 0.15F, 0.18F, 0.18F)}},
      {"车灯",
       {ellipse(Metal, 0.0F, 0.0F, 0.95F, 0.62F), ellipse(Body, 0.0F, 0.0F, 0.8F, 0.48F),
        ellipse(White, -0.25F, 0.0F, 0.2F, 0.2F), ellipse(White, 0.35F, 0.0F, 0.16F, 0.16F)}},
      {"遮阳挡",
       {bar(Metal, -0.95F, -0.72F, 0.95F, -0.72F, 0.07F), trapezoid(Body, 0.0F, 0.1F, 0.7F, 0.98F, 0.72F, 0.08F),
        bar(Shade, -0.3F, -0.5F, -0.42F, 0.7F, 0.04F), bar(Shade, 0.3F, -0.5F, 0.42F, 0.7F, 0.04F)}},
      {"挂件",
       {bar(Wood, 0.0F, -1.0F, 0.0F, -0.5F, 0.05F), triangle(Body, 0.0F, -0.7F, -0.72F, 0.1F, 0.72F, 0.1F),
        triangle(Body, 0.0F, -0.3F, -0.9F, 0.65F, 0.9F, 0.65F), box(Wood, 0.0F, 0.8F, 0.14F, 0.16F, 0.02F)}},
  }};
  i.materials = {"亮光", "桃木纹", "冰丝", "磨砂"};
  i.sizes = {"小号", "大号"};
  i.counts = {"单只", "一对", "三只装", "四只装"};
  i.colours = {"红色", "橙色", "黄色", "绿色", "蓝色", "紫色", "粉色", "棕色", "黑色", "白色", "灰色", "青色"};
  i.fillers = {"车载", "汽车", "通用", "车用", "防滑", "耐磨", "原装", "升级"};
  i.series_step = 5;
  i.series_start = 1;
  i.neglects = Neglect::Colour;
  i.hue = 0.9;
  i.scene = Scene::Road;
  return i;
}

}  // namespace ctp::data::synthetic
