/// @file   ctp/data/synthetic/industry/clothing.hpp
/// @brief  Clothing, shoes and bags.
/// @layer  data
#pragma once

#include <ctp/data/synthetic/industry/industry.hpp>

namespace ctp::data::synthetic {

constexpr Industry clothing() {
  using enum Paint;
  Industry i;
  i.name = "服饰鞋包";
  i.p9d_train = 67871;
  i.p9d_test = 141;
  i.kinds = {{
      {"短袖",
       {bar(Shade, -0.45F, -0.55F, -0.8F, -0.15F, 0.2F), bar(Shade, 0.45F, -0.55F, 0.8F, -0.15F, 0.2F),
        box(Body, 0.0F, 0.1F, 0.52F, 0.85F, 0.1F), ellipse(Dark, 0.0F, -0.74F, 0.22F, 0.13F)}},
      {"裤子",
       {box(Shade, 0.0F, -0.78F, 0.5F, 0.13F, 0.03F), trapezoid(Body, -0.3F, 0.12F, 0.24F, 0.2F, 0.85F, 0.03F),
        trapezoid(Body, 0.3F, 0.12F, 0.24F, 0.2F, 0.85F, 0.03F), box(Body, 0.0F, -0.55F, 0.5F, 0.2F, 0.02F)}},
      {"连衣裙",
       {bar(Shade, -0.25F, -0.65F, -0.55F, -0.4F, 0.13F), bar(Shade, 0.25F, -0.65F, 0.55F, -0.4F, 0.13F),
        trapezoid(Body, 0.0F, -0.45F, 0.36F, 0.28F, 0.42F, 0.05F),
        trapezoid(Body, 0.0F, 0.4F, 0.28F, 0.82F, 0.52F, 0.05F), box(Dark, 0.0F, -0.08F, 0.29F, 0.06F, 0.01F)}},
      {"板鞋",
       {box(White, 0.0F, 0.55F, 0.95F, 0.14F, 0.1F), box(Body, 0.0F, 0.28F, 0.9F, 0.22F, 0.18F),
        box(Body, -0.48F, -0.05F, 0.4F, 0.42F, 0.12F), bar(White, 0.05F, -0.02F, 0.3F, 0.12F, 0.05F),
        bar(White, -0.1F, -0.12F, 0.12F, -0.02F, 0.05F)}},
      {"手提包",
       {ring(Dark, 0.0F, -0.4F, 0.38F, 0.45F, 0.07F), trapezoid(Body, 0.0F, 0.32F, 0.65F, 0.9F, 0.58F, 0.1F),
        box(Metal, 0.0F, 0.05F, 0.12F, 0.1F, 0.03F)}},
      {"帽子",
       {ellipse(Shade, 0.45F, 0.4F, 0.53F, 0.17F), ellipse(Body, -0.15F, 0.1F, 0.7F, 0.7F),
        box(Hole, -0.2F, 0.75F, 0.9F, 0.28F, 0.0F), ellipse(Shade, 0.45F, 0.4F, 0.53F, 0.14F),
        ellipse(Dark, -0.15F, -0.6F, 0.1F, 0.08F)}},
      {"围巾",
       {ellipse(Shade, 0.0F, -0.4F, 0.65F, 0.42F), ellipse(Hole, 0.0F, -0.5F, 0.32F, 0.2F),
        box(Body, -0.3F, 0.35F, 0.22F, 0.6F, 0.03F, 0.12F), box(Body, 0.25F, 0.25F, 0.22F, 0.55F, 0.03F, -0.15F)}},
      {"袜子",
       {box(Body, -0.2F, -0.25F, 0.32F, 0.7F, 0.06F), bar(Body, -0.15F, 0.5F, 0.5F, 0.6F, 0.33F),
        box(White, -0.2F, -0.82F, 0.34F, 0.14F, 0.04F), ellipse(Shade, 0.6F, 0.62F, 0.22F, 0.28F)}},
      {"双肩包",
       {ring(Dark, 0.0F, -0.75F, 0.2F, 0.18F, 0.06F), box(Body, 0.0F, 0.1F, 0.66F, 0.82F, 0.3F),
        box(Shade, 0.0F, 0.45F, 0.46F, 0.3F, 0.1F), bar(Metal, -0.35F, -0.1F, 0.35F, -0.1F, 0.04F)}},
      {"高跟鞋",
       {triangle(Body, -0.95F, 0.7F, -0.2F, 0.4F, 0.25F, 0.72F), bar(Body, -0.5F, 0.55F, 0.6F, -0.3F, 0.2F),
        triangle(Dark, 0.55F, -0.2F, 0.85F, -0.3F, 0.75F, 0.8F), ellipse(Hole, 0.05F, -0.2F, 0.4F, 0.28F)}},
  }};
  i.materials = {"真皮", "灯芯绒", "针织", "牛仔"};
  i.sizes = {"修身", "宽松"};
  i.counts = {"一件", "两件装", "三件装", "四件装"};
  i.colours = {"酒红", "橘色", "姜黄", "军绿", "藏蓝", "香芋紫", "粉色", "焦糖棕", "黑色", "米白", "烟灰", "青色"};
  i.fillers = {"春秋", "韩版", "女士", "百搭", "休闲", "显瘦", "学生", "夏季"};
  i.series_step = 3;
  i.series_start = 6;
  i.neglects = Neglect::Pattern;
  i.hue = -0.6;
  i.scene = Scene::Rail;
  return i;
}

}  // namespace ctp::data::synthetic
