/// @file   ctp/distill/lucir.hpp
/// @brief  Less-forget constraint of LUCIR: cosine distance of each token to the previous model's token.
/// @layer  distill
#pragma once

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/autograd/rows.hpp>
#include <ctp/core/needs.hpp>

namespace ctp::distill {

/// @brief Less-forget constraint: (1 - mean cosine of image tokens + 1 - mean cosine of text tokens) / 2, between each
/// token of the online model and the same token of the previous model. Tokens of padding are left out.
///
/// `published`: as the released code, takes the cosine of each feature along the tokens of a pair, padding included.
/// **Shapes.** image tokens [B * N, width], text tokens [B * L, width].  **Units.** none, in [0, 2].
/// **Gradient.** to the online model.
/// **Source.** Hou et al. 2019, LUCIR, CVPR, eq. 6 (less-forget constraint), on tokens;
/// `tests/oracle: lucir_distillation`.
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
  auto cosines(Step& step, Tokens online, Tokens previous, Index pairs) const {
    const auto& pass = step.online.pass();
    const auto& previous_pass = step.previous->pass();
    auto a = normalize(pass, online), b = normalize(previous_pass, previous);
    if (published) {
      a = normalize(pass, transpose_each(pass, a, pairs));
      b = normalize(previous_pass, transpose_each(previous_pass, b, pairs));
    }
    return row_products(pass, a, b);
  }
};

}  // namespace ctp::distill
