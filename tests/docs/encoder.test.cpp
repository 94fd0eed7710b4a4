// The image encoder that docs/policies/encoder.md shows.
#include <doctest/doctest.h>

#include <ctp/backend/cpu/backend.hpp>
#include <ctp/encoder/bert.hpp>
#include <ctp/encoder/model.hpp>
#include <ctp/nn/layers.hpp>
#include <ctp/nn/mean.hpp>
#include <ctp/testing/encoder.hpp>

namespace {

// clang-format off
// [image_encoder]
/// The mean of a picture's patches, each a linear map of its pixels.
class Patches {
 public:
  Patches(const ctp::ModelConfig& c, ctp::Layout& layout)
      : patch_(c.patch), side_(c.image / c.patch),
        linear_(layout, "visual_encoder.patches", c.vision_width, 3 * c.patch * c.patch) {}

  ctp::Index tokens() const { return side_ * side_ + 1; }        // of one image
  ctp::Index width() const { return linear_.weight.shape[0]; }

  template <class B>                                             // [B,3,H,W] -> [B * tokens(), width()]
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
// [image_encoder]
// clang-format on

}  // namespace

TEST_CASE("docs: the image encoder of the page passes the checks for encoders") {
  using Model = ctp::VisionLanguageModel<Patches, ctp::encoder::Bert, ctp::BasicCpu<double>>;
  const auto report = ctp::testing::check_encoders(Model(ctp::testing::micro));
  CHECK_MESSAGE(report.ok, report.log);
}
