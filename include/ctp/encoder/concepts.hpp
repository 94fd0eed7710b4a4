/// @file   ctp/encoder/concepts.hpp
/// @brief  Concepts of image encoders and text encoders.
/// @layer  encoder
#pragma once

#include <concepts>

#include <ctp/autograd/pass.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/encoder/text_input.hpp>
#include <ctp/nn/layout.hpp>

namespace ctp::encoder {

/// `Encoder(config, layout)` registers its parameters in the layout.
template <class E>
concept TakesLayout = std::constructible_from<E, const ModelConfig&, Layout&>;

/// `encoder.width()` is the width of its tokens.
template <class E>
concept HasWidth = requires(const E encoder) {
  { encoder.width() } -> std::convertible_to<Index>;
};

/// `encoder.tokens()` is the number of tokens of one image.
template <class E>
concept HasTokens = requires(const E encoder) {
  { encoder.tokens() } -> std::convertible_to<Index>;
};

/// `encoder(pass, images)` returns the tokens of each image, the class token first.
template <class E, class B>
concept ReadsImages = requires(const E encoder, const Pass<B>& pass, Tensor<const typename B::Real, 4, B> images) {
  { encoder(pass, images) } -> std::same_as<Variable<2, B>>;
};

/// `encoder(pass, text)` returns the tokens of each text, encoded without its image, the class token first.
template <class E, class B>
concept ReadsTexts = requires(const E encoder, const Pass<B>& pass, const TextInput<B>& text) {
  { encoder(pass, text) } -> std::same_as<Variable<2, B>>;
};

/// `encoder.fuse(pass, text, image_tokens)` returns the tokens of each text, encoded with its image.
template <class E, class B>
concept Fuses = requires(const E encoder, const Pass<B>& pass, const TextInput<B>& text, Variable<2, B> image_tokens) {
  { encoder.fuse(pass, text, image_tokens) } -> std::same_as<Variable<2, B>>;
};

/// `encoder.word_scores(pass, rows)` returns masked-language scores over the vocabulary, for each of the rows.
template <class E, class B>
concept ScoresWords = requires(const E encoder, const Pass<B>& pass, Variable<2, B> rows) {
  { encoder.word_scores(pass, rows) } -> std::same_as<Variable<2, B>>;
};

/// @brief Image encoder: maps images to tokens.
template <class E, class B>
concept ImageEncoder = TakesLayout<E> && HasWidth<E> && HasTokens<E> && ReadsImages<E, B>;

/// @brief Text encoder: maps texts to tokens, alone and with images, and tokens to word scores. `tokens()` is not
/// required: the length of a text is the batch's.
template <class E, class B>
concept TextEncoder = TakesLayout<E> && HasWidth<E> && ReadsTexts<E, B> && Fuses<E, B> && ScoresWords<E, B>;

}  // namespace ctp::encoder
