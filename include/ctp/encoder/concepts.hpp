/// @file   ctp/encoder/concepts.hpp
/// @brief  What a type must offer to be an image encoder or a text encoder.
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

/// `encoder(pass, images)` gives the tokens of each image, the class token first.
template <class E, class B>
concept ReadsImages = requires(const E encoder, const Pass<B>& pass, Tensor<const typename B::Real, 4, B> images) {
  { encoder(pass, images) } -> std::same_as<Variable<2, B>>;
};

/// `encoder(pass, text)` gives the tokens of each text by itself, the class token first.
template <class E, class B>
concept ReadsTexts = requires(const E encoder, const Pass<B>& pass, const TextInput<B>& text) {
  { encoder(pass, text) } -> std::same_as<Variable<2, B>>;
};

/// `encoder.fuse(pass, text, image_tokens)` gives the tokens of each text read with its image.
template <class E, class B>
concept Fuses = requires(const E encoder, const Pass<B>& pass, const TextInput<B>& text, Variable<2, B> image_tokens) {
  { encoder.fuse(pass, text, image_tokens) } -> std::same_as<Variable<2, B>>;
};

/// `encoder.word_scores(pass, rows)` gives a score for each word of the vocabulary at each of the rows.
template <class E, class B>
concept ScoresWords = requires(const E encoder, const Pass<B>& pass, Variable<2, B> rows) {
  { encoder.word_scores(pass, rows) } -> std::same_as<Variable<2, B>>;
};

/// @brief Images to tokens.
template <class E, class B>
concept ImageEncoder = TakesLayout<E> && HasWidth<E> && HasTokens<E> && ReadsImages<E, B>;

/// @brief Texts to tokens, alone and with an image, and tokens to words. Not required: `tokens()`, a text is as long as
/// its batch.
template <class E, class B>
concept TextEncoder = TakesLayout<E> && HasWidth<E> && ReadsTexts<E, B> && Fuses<E, B> && ScoresWords<E, B>;

}  // namespace ctp::encoder
