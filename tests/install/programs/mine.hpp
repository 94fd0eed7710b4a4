/// @file   mine.hpp
/// @brief  A strategy with a distillation of its own, and an image encoder. Nothing is registered.
#pragma once

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/autograd/rows.hpp>
#include <ctp/distill/topology.hpp>
#include <ctp/nn/layers.hpp>
#include <ctp/nn/mean.hpp>
#include <ctp/objective/all.hpp>
#include <ctp/strategy/seqf.hpp>

namespace own {

/// Mean distance of the batch's features from those of the previous model. **Units.** Length between unit vectors.
struct Drift {
  static constexpr const char* name = "drift";
  static constexpr ctp::Needs needs{.previous = ctp::Output::Features};

  double factor = 1;  ///< known to --set as drift.factor

  template <class Step>
  auto loss(Step& step) const {
    const auto& pass = step.online.pass();
    const auto moved = add(pass, step.online.image().local, step.previous->image().local, -1);
    return scale(pass, mean(pass, row_lengths(pass, moved)), factor);
  }
  template <class Visitor>
  void settings(Visitor& visitor) {
    visitor("factor", factor);
  }
};

/// The mean of a picture's patches, each a linear map of its pixels.
class Patches {
 public:
  Patches(const ctp::ModelConfig& c, ctp::Layout& layout)
      : patch_(c.patch),
        side_(c.image / c.patch),
        linear_(layout, "visual_encoder.patches", c.vision_width, 3 * c.patch * c.patch) {}

  [[nodiscard]] ctp::Index tokens() const { return side_ * side_ + 1; }
  [[nodiscard]] ctp::Index width() const { return linear_.weight.shape[0]; }

  template <class B>
  ctp::Variable<2, B> operator()(const ctp::Pass<B>& pass, ctp::Tensor<const typename B::Real, 4, B> images) const {
    const ctp::Index batch = images.shape[0];
    ctp::Variable<2, B> pixels{pass.scratch(ctp::Shape<2>{batch * side_ * side_, 3 * patch_ * patch_}), {}};
    B::patches(batch, 3, side_ * patch_, patch_, images.data, pixels.value.data);
    return ctp::nn::mean_before(pass, linear_(pass, pixels), batch);
  }

 private:
  ctp::Index patch_, side_;
  ctp::nn::Linear linear_;
};

}  // namespace own

struct Mine : ctp::strategy::SeqF {
  static constexpr const char* name = "mine";
  using Distillation = own::Drift;
};

namespace own {

struct Plain : ctp::strategy::SeqF {
  static constexpr const char* name = "plain";
};

}  // namespace own
