/// @file   ctp/distill/lucir.hpp
/// @brief  Keep the direction of every token.
/// @layer  distill
#pragma once

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/autograd/rows.hpp>
#include <ctp/core/needs.hpp>

namespace ctp::distill {

/// @brief (1 - mean cosine of image tokens + 1 - mean cosine of text tokens) / 2, between a token of the previous model
/// and the same token now; padding does not count.
///
/// `published`: the cosine of each feature along the tokens of a pair instead, padding included, as the released code
/// computes it. **Units.** none, in [0, 2].  **Gradient.** to the online model.
/// **Source.** Hou et al. 2019, LUCIR, CVPR, eq. 6 (less-forget constraint), on tokens; `lucir_distillation` of the
/// oracle.
struct Lucir {
  static constexpr const char* name = "lucir";
  static constexpr Needs needs{.previous = Output::Tokens};
  bool published = false;

  template <class Step>
  auto loss(Step& step) const {
    const auto& pass = step.online.pass();
    const Index pairs = step.batch().size();
    const auto images = cosines(step, step.online.image_tokens(), step.previous->image_tokens(), pairs);
    const auto texts = cosines(step, step.online.text_tokens(), step.previous->text_tokens(), pairs);
    const auto image = mean(pass, images);
    const auto text = published ? mean(pass, texts) : weighted_sum(pass, texts, step.batch().token_weights());
    auto one = pass.make(Shape<0>{});
    Step::Backend::fill(1, typename Step::Backend::Real(1), one.value.data);
    return add(pass, add(pass, one, image, -0.5), text, -0.5);
  }
  template <class Visitor>
  void settings(Visitor& visitor) {
    visitor("published", published);
  }

 private:
  template <class Step, class Tokens>
  auto cosines(Step& step, Tokens now, Tokens then, Index pairs) const {
    const auto& pass = step.online.pass();
    const auto& taught = step.previous->pass();
    auto a = normalize(pass, now), b = normalize(taught, then);
    if (published) {
      a = normalize(pass, transpose_each(pass, a, pairs));
      b = normalize(taught, transpose_each(taught, b, pairs));
    }
    return row_products(pass, a, b);
  }
};

}  // namespace ctp::distill
