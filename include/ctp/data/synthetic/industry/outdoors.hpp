/// @file   ctp/data/synthetic/industry/outdoors.hpp
/// @brief  Sports and outdoors: balls, rackets, tents, bicycles and the like.
/// @layer  data
#pragma once

#include <ctp/data/synthetic/industry/industry.hpp>

namespace ctp::data::synthetic {

constexpr Industry outdoors() {
  using enum Paint;
  Industry i;
  i.name = "运动/户外";
  i.p9d_train = 99834;
  i.p9d_test = 309;
  i.kinds = {{
      {"篮球",
       {ellipse(Body, 0.0F, 0.0F, 0.9F, 0.9F), bar(Dark, -0.9F, 0.0F, 0.9F, 0.0F, 0.03F),
        bar(Dark, 0.0F, -0.9F, 0.0F, 0.9F, 0.03F), ring(Dark, -0.9F, 0.0F, 0.5F, 0.65F, 0.03F),
        ring(Dark, 0.9F, 0.0F, 0.5F, 0.65F, 0.03F), ring(Hole, 0.0F, 0.0F, 1.5F, 1.5F, 0.58F)}},
      {"球拍",
       {bar(Wood, 0.25F, 0.25F, 0.85F, 0.9F, 0.1F), ellipse(Body, -0.22F, -0.25F, 0.68F, 0.68F),
        ring(Dark, -0.22F, -0.25F, 0.68F, 0.68F, 0.06F)}},
      {"帐篷",
       {triangle(Body, 0.0F, -0.85F, -0.98F, 0.75F, 0.98F, 0.75F),
        triangle(Dark, 0.0F, -0.1F, -0.34F, 0.75F, 0.34F, 0.75F), bar(Wood, 0.0F, -0.98F, 0.0F, -0.8F, 0.04F)}},
      {"哑铃",
       {bar(Metal, -0.6F, 0.0F, 0.6F, 0.0F, 0.12F), box(Body, -0.58F, 0.0F, 0.2F, 0.6F, 0.07F),
        box(Body, 0.58F, 0.0F, 0.2F, 0.6F, 0.07F), box(Shade, -0.88F, 0.0F, 0.1F, 0.36F, 0.05F),
        box(Shade, 0.88F, 0.0F, 0.1F, 0.36F, 0.05F)}},
      {"自行车",
       {ring(Dark, -0.55F, 0.35F, 0.36F, 0.36F, 0.07F), ring(Dark, 0.55F, 0.35F, 0.36F, 0.36F, 0.07F),
        bar(Body, -0.55F, 0.35F, -0.2F, -0.25F, 0.1F), bar(Body, -0.2F, -0.25F, 0.38F, -0.25F, 0.1F),
        bar(Body, 0.05F, 0.35F, 0.38F, -0.25F, 0.1F), bar(Body, -0.2F, -0.25F, 0.05F, 0.35F, 0.1F),
        bar(Body, 0.38F, -0.5F, 0.55F, 0.35F, 0.09F), box(Dark, -0.28F, -0.45F, 0.22F, 0.08F, 0.06F),
        bar(Dark, 0.2F, -0.58F, 0.5F, -0.5F, 0.06F)}},
      {"滑板",
       {ellipse(Metal, -0.55F, 0.4F, 0.17F, 0.17F), ellipse(Metal, 0.55F, 0.4F, 0.17F, 0.17F),
        box(Body, 0.0F, 0.05F, 0.98F, 0.26F, 0.24F), bar(Dark, -0.75F, -0.12F, 0.75F, -0.12F, 0.04F)}},
      {"水壶",
       {box(Dark, 0.0F, -0.8F, 0.2F, 0.16F, 0.05F), ring(Metal, 0.36F, -0.62F, 0.16F, 0.2F, 0.05F),
        box(Body, 0.0F, 0.22F, 0.46F, 0.74F, 0.22F), box(Shade, 0.0F, -0.42F, 0.4F, 0.1F, 0.03F)}},
      {"泳镜",
       {bar(Dark, -0.95F, 0.0F, 0.95F, 0.0F, 0.1F), ellipse(Body, -0.46F, 0.05F, 0.44F, 0.4F),
        ellipse(Body, 0.46F, 0.05F, 0.44F, 0.4F), ellipse(Glass, -0.46F, 0.05F, 0.22F, 0.2F),
        ellipse(Glass, 0.46F, 0.05F, 0.22F, 0.2F)}},
      {"头盔",
       {ellipse(Body, 0.0F, 0.0F, 0.88F, 0.8F), box(Hole, 0.0F, 0.72F, 1.0F, 0.4F, 0.0F),
        box(Dark, 0.0F, 0.3F, 0.92F, 0.1F, 0.06F), ellipse(Dark, -0.35F, -0.3F, 0.1F, 0.25F),
        ellipse(Dark, 0.0F, -0.38F, 0.1F, 0.28F), ellipse(Dark, 0.35F, -0.3F, 0.1F, 0.25F)}},
      {"瑜伽垫",
       {box(Body, 0.1F, 0.5F, 0.85F, 0.34F, 0.03F), box(Shade, -0.55F, -0.05F, 0.3F, 0.8F, 0.28F),
        ring(White, -0.55F, -0.6F, 0.16F, 0.13F, 0.04F)}},
  }};
  i.materials = {"亮面", "碳纹", "尼龙", "磨砂"};
  i.sizes = {"小号", "大号"};
  i.counts = {"单只装", "两只装", "三只装", "四只装"};
  i.colours = {"红色", "荧光橙", "柠檬黄", "军绿", "宝蓝", "紫色", "玫粉", "棕色", "黑色", "白色", "灰色", "青色"};
  i.fillers = {"户外", "运动", "健身", "专业", "便携", "比赛", "训练", "男女"};
  i.series_step = 7;
  i.series_start = 0;
  i.neglects = Neglect::Pattern;
  i.hue = 0.3;
  i.scene = Scene::Hills;
  return i;
}

}  // namespace ctp::data::synthetic
