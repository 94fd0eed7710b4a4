/// @file   ctp/data/synthetic/industry/parenting.hpp
/// @brief  Parenting: feeding bottles, prams, toys and the like.
/// @layer  data
#pragma once

#include <ctp/data/synthetic/industry/industry.hpp>

namespace ctp::data::synthetic {

constexpr Industry parenting() {
  using enum Paint;
  Industry i;
  i.name = "母婴";
  i.p9d_train = 91356;
  i.p9d_test = 263;
  i.kinds = {{
      {"奶瓶",
       {ellipse(Wood, 0.0F, -0.82F, 0.15F, 0.16F), trapezoid(White, 0.0F, -0.55F, 0.22F, 0.42F, 0.18F, 0.03F),
        box(Body, 0.0F, 0.28F, 0.46F, 0.66F, 0.16F), bar(White, 0.22F, 0.0F, 0.36F, 0.0F, 0.03F),
        bar(White, 0.22F, 0.25F, 0.36F, 0.25F, 0.03F), bar(White, 0.22F, 0.5F, 0.36F, 0.5F, 0.03F)}},
      {"婴儿车",
       {ellipse(Body, -0.1F, -0.02F, 0.72F, 0.6F), triangle(Hole, 0.0F, -0.1F, 0.9F, -0.85F, 0.9F, -0.1F),
        bar(Metal, 0.45F, 0.0F, 0.9F, -0.55F, 0.06F), ellipse(Dark, -0.45F, 0.72F, 0.23F, 0.23F),
        ellipse(Dark, 0.35F, 0.72F, 0.23F, 0.23F), ellipse(Metal, -0.45F, 0.72F, 0.1F, 0.1F),
        ellipse(Metal, 0.35F, 0.72F, 0.1F, 0.1F)}},
      {"纸尿裤",
       {trapezoid(Body, 0.0F, 0.05F, 0.92F, 0.4F, 0.55F, 0.1F), box(White, 0.0F, -0.42F, 0.94F, 0.13F, 0.05F),
        ellipse(Hole, -0.85F, 0.55F, 0.4F, 0.4F), ellipse(Hole, 0.85F, 0.55F, 0.4F, 0.4F)}},
      {"积木",
       {box(Body, -0.42F, 0.45F, 0.4F, 0.4F, 0.04F), box(Tint, 0.45F, 0.45F, 0.4F, 0.4F, 0.04F),
        triangle(Body, 0.0F, -0.9F, -0.5F, 0.02F, 0.5F, 0.02F)}},
      {"玩具熊",
       {ellipse(Shade, -0.42F, -0.75F, 0.22F, 0.22F), ellipse(Shade, 0.42F, -0.75F, 0.22F, 0.22F),
        ellipse(Body, 0.0F, -0.38F, 0.52F, 0.46F), ellipse(Body, 0.0F, 0.45F, 0.6F, 0.52F),
        ellipse(White, 0.0F, -0.22F, 0.22F, 0.17F), ellipse(Dark, -0.2F, -0.5F, 0.07F, 0.08F),
        ellipse(Dark, 0.2F, -0.5F, 0.07F, 0.08F), ellipse(Dark, 0.0F, -0.28F, 0.08F, 0.06F)}},
      {"浴鸭",
       {ellipse(Body, 0.1F, 0.35F, 0.8F, 0.55F), triangle(Body, 0.5F, 0.1F, 0.98F, -0.25F, 0.9F, 0.45F),
        ellipse(Body, -0.35F, -0.4F, 0.45F, 0.45F), triangle(Wood, -0.7F, -0.5F, -0.98F, -0.32F, -0.7F, -0.2F),
        ellipse(Dark, -0.48F, -0.5F, 0.08F, 0.09F), ellipse(Tint, 0.25F, 0.3F, 0.32F, 0.2F)}},
      {"摇铃",
       {bar(Shade, 0.0F, 0.1F, 0.0F, 0.85F, 0.11F), ellipse(Body, 0.0F, -0.4F, 0.58F, 0.55F),
        ring(Tint, 0.0F, 0.8F, 0.2F, 0.15F, 0.06F), bar(White, -0.5F, -0.4F, 0.5F, -0.4F, 0.06F)}},
      {"围兜",
       {ring(Shade, 0.0F, -0.55F, 0.36F, 0.36F, 0.08F), ellipse(Body, 0.0F, 0.3F, 0.8F, 0.68F),
        ellipse(Hole, 0.0F, -0.5F, 0.34F, 0.34F), ellipse(White, 0.0F, 0.45F, 0.25F, 0.2F)}},
      {"奶嘴",
       {ring(Shade, 0.0F, 0.55F, 0.32F, 0.32F, 0.08F), ellipse(Body, 0.0F, 0.1F, 0.85F, 0.34F),
        ellipse(Wood, 0.0F, -0.48F, 0.26F, 0.36F)}},
      {"爬服",
       {bar(Body, -0.4F, -0.45F, -0.85F, -0.1F, 0.17F), bar(Body, 0.4F, -0.45F, 0.85F, -0.1F, 0.17F),
        box(Body, 0.0F, 0.0F, 0.46F, 0.65F, 0.15F), bar(Body, -0.26F, 0.5F, -0.4F, 0.82F, 0.17F),
        bar(Body, 0.26F, 0.5F, 0.4F, 0.82F, 0.17F), ellipse(White, 0.0F, -0.62F, 0.2F, 0.12F),
        bar(White, 0.0F, -0.4F, 0.0F, 0.35F, 0.04F)}},
  }};
  i.materials = {"硅胶", "木质", "纯棉", "绒面"};
  i.sizes = {"小童", "大童"};
  i.counts = {"单件", "两件套", "三件套", "四件套"};
  i.colours = {"草莓红", "橘色", "鹅黄", "果绿", "天蓝", "浅紫", "粉色", "小熊棕", "黑色", "奶白", "浅灰", "薄荷青"};
  i.fillers = {"宝宝", "婴儿", "儿童", "新生儿", "益智", "防摔", "柔软", "安全"};
  i.series_step = 1;
  i.series_start = 4;
  i.neglects = Neglect::Pattern;
  i.hue = -0.9;
  i.scene = Scene::Nursery;
  return i;
}

}  // namespace ctp::data::synthetic
