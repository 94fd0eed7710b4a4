/// @file   ctp/encoder/require.hpp
/// @brief  Compile-time checks of encoders, with one message for each missing member.
/// @layer  encoder
#pragma once

#include <ctp/encoder/concepts.hpp>

namespace ctp::encoder {

namespace detail {
template <class Encoder>
consteval void require_encoder() {
  static_assert(TakesLayout<Encoder>,
                "[ctp.encoder.layout] an encoder needs a constructor from '(const ctp::ModelConfig&, ctp::Layout&)', "
                "which asks the layout for its parameters. See docs/policies/encoder.md");
  static_assert(HasWidth<Encoder>,
                "[ctp.encoder.width] an encoder needs 'ctp::Index width() const', the width of its tokens. See "
                "docs/policies/encoder.md");
}
}  // namespace detail

/// Fails to compile if `Encoder` is no image encoder: one message for each missing member.
template <class Encoder, class B>
consteval bool require_image_encoder() {
  detail::require_encoder<Encoder>();
  static_assert(HasTokens<Encoder>,
                "[ctp.encoder.tokens] an image encoder needs 'ctp::Index tokens() const', the number of tokens of one "
                "image. See docs/policies/encoder.md");
  static_assert(
      ReadsImages<Encoder, B>,
      "[ctp.encoder.images] an image encoder needs 'template <class B> ctp::Variable<2, B> operator()(const "
      "ctp::Pass<B>&, ctp::Tensor<const typename B::Real, 4, B> images) const'. See docs/policies/encoder.md");
  return true;
}

/// Fails to compile if `Encoder` is no text encoder: one message for each missing member.
template <class Encoder, class B>
consteval bool require_text_encoder() {
  detail::require_encoder<Encoder>();
  static_assert(ReadsTexts<Encoder, B>,
                "[ctp.encoder.texts] a text encoder needs 'template <class B> ctp::Variable<2, B> operator()(const "
                "ctp::Pass<B>&, const ctp::encoder::TextInput<B>&) const'. See docs/policies/encoder.md");
  static_assert(Fuses<Encoder, B>,
                "[ctp.encoder.fuse] a text encoder needs 'template <class B> ctp::Variable<2, B> fuse(const "
                "ctp::Pass<B>&, const ctp::encoder::TextInput<B>&, ctp::Variable<2, B> image_tokens) const'. See "
                "docs/policies/encoder.md");
  static_assert(ScoresWords<Encoder, B>,
                "[ctp.encoder.word_scores] a text encoder needs 'template <class B> ctp::Variable<2, B> "
                "word_scores(const ctp::Pass<B>&, ctp::Variable<2, B> rows) const'. See docs/policies/encoder.md");
  return true;
}

}  // namespace ctp::encoder
