/// @file   ctp/encoder/bag_of_words.hpp
/// @brief  Small text encoder without positions: a bag of words.
/// @layer  encoder
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <ctp/core/model_config.hpp>
#include <ctp/encoder/text_input.hpp>
#include <ctp/nn/bert_block.hpp>
#include <ctp/nn/mean.hpp>

namespace ctp::encoder {

/// @brief Bag-of-words encoder: Bert without positions, with mean pooling in place of self-attention.
///
/// A block is x <- norm(x + dropout(linear(m))), with m the mean of the text's tokens without padding, then, from
/// `fusion_layer` on, cross-attention to the image tokens, then x <- norm(x + dropout(linear(gelu(linear(x))))). Reads
/// the sizes of Bert except `positions`, `types` and `pad`.
///
/// **Shapes.** ids [B,L] -> tokens [B*L,D].  The masked-language head's output weights are the word embeddings (tied).
/// **Source.** the mean as the mixer of tokens: Iyyer et al. 2015, ACL, section 2; Yu et al. 2022, arXiv:2111.11418.
class BagOfWords {
 public:
  BagOfWords(const ModelConfig& c, Layout& layout)
      : width_(c.text_width),
        fusion_layer_(static_cast<std::size_t>(c.fusion_layer)),
        heads_(c.text_heads),
        words_(layout.add<2>("text_encoder.words", {c.vocab, width_}, Start::Table)),
        norm_(layout, "text_encoder.norm", width_, 1e-12),
        blocks_(make_blocks(c, layout)),
        head_dense_(layout, "text_encoder.head.dense", width_, width_),
        head_norm_(layout, "text_encoder.head.norm", width_, 1e-12),
        head_bias_(layout.add<1>("text_encoder.head.bias", {c.vocab}, Start::Zeros)) {}

  [[nodiscard]] Index width() const { return width_; }

  /// Encodes the text alone, by the layers below `fusion_layer`. **Shapes.** returns [B*L,D].
  template <class B>
  Variable<2, B> operator()(const Pass<B>& pass, const TextInput<B>& text) const {
    return run(pass, text, {}, fusion_layer_);
  }

  /// Encodes the text with its image, by all layers. **Shapes.** image_tokens [B*N, image width] -> [B*L,D].
  template <class B>
  Variable<2, B> fuse(const Pass<B>& pass, const TextInput<B>& text, Variable<2, B> image_tokens) const {
    return run(pass, text, image_tokens, blocks_.size());
  }

  /// Masked-language scores (logits) over the vocabulary at the given rows. **Shapes.** rows [n,D] -> [n,vocab].
  template <class B>
  Variable<2, B> word_scores(const Pass<B>& pass, Variable<2, B> rows) const {
    const auto h = head_norm_(pass, head_dense_.with_gelu(pass, rows));
    return linear(pass, h, pass[words_], pass[head_bias_]);
  }

 private:
  struct Block {
    static constexpr std::uint32_t dropout_layers = 4;

    nn::Linear mix;
    nn::LayerNorm mix_norm;
    std::optional<nn::BertAttention> cross;
    nn::Linear intermediate, output;
    nn::LayerNorm norm;

    Block(Layout& layout, const std::string& name, const ModelConfig& c, bool sees_image)
        : mix(layout, name + "mix", c.text_width, c.text_width),
          mix_norm(layout, name + "mix_norm", c.text_width, 1e-12),
          cross(sees_image ? std::optional<nn::BertAttention>(std::in_place, layout, name + "cross", c.text_width,
                                                              c.vision_width, c.text_heads)
                           : std::nullopt),
          intermediate(layout, name + "intermediate", c.intermediate, c.text_width),
          output(layout, name + "output", c.text_width, c.intermediate),
          norm(layout, name + "norm", c.text_width, 1e-12) {}
  };

  template <class B>
  Variable<2, B> run(const Pass<B>& pass, const TextInput<B>& text, Variable<2, B> image_tokens,
                     std::size_t layers) const {
    if (layers == 0) return embed(pass, text);
    return enclosed(pass, [&](const Pass<B>& inner) {
      const SharedOperand<B> image(inner, image_tokens);
      auto x = embed(inner, text);
      for (std::size_t i = 0; i < layers; ++i) x = run_block(i + 1 < layers ? inner : pass, i, text, x, image);
      return x;
    });
  }
  template <class B>
  Variable<2, B> embed(const Pass<B>& pass, const TextInput<B>& text) const {
    const auto ids = text.ids.reshaped(Shape<1>{text.ids.shape[0] * text.ids.shape[1]});
    const auto x = norm_(pass, gather_rows(pass, pass[words_], ids));
    return dropout(pass, x, pass.dropout_layer(text.dropout_id(0)), text.ids.shape[1]);
  }
  template <class B>
  Variable<2, B> run_block(const Pass<B>& pass, std::size_t i, const TextInput<B>& text, Variable<2, B> x,
                           const SharedOperand<B>& image_tokens) const {
    const Block& block = blocks_[i];
    const Index batch = text.ids.shape[0], length = text.ids.shape[1];
    const std::uint32_t first_id = text.dropout_id(1 + static_cast<std::uint32_t>(i) * Block::dropout_layers);
    return enclosed(pass, [&](const Pass<B>& inner) {
      auto read = block.mix_norm(inner, x, block.mix(inner, nn::mean_of_each(inner, x, text.key_bias, heads_)),
                                 first_id, length);
      if (block.cross)
        read = (*block.cross)(inner, SharedOperand<B>(inner, read), image_tokens, {}, batch, first_id + 1);
      const auto h = block.output(inner, block.intermediate.gelu_operand(inner, SharedOperand<B>(inner, read)));
      return block.norm(pass, read, h, first_id + 3, length);
    });
  }

  static std::vector<Block> make_blocks(const ModelConfig& c, Layout& layout) {
    std::vector<Block> blocks;
    for (int i = 0; i < c.text_layers; ++i)
      blocks.emplace_back(layout, "text_encoder.blocks." + std::to_string(i) + ".", c, i >= c.fusion_layer);
    return blocks;
  }

  Index width_;
  std::size_t fusion_layer_;
  Index heads_;
  Parameter<2> words_;
  nn::LayerNorm norm_;
  std::vector<Block> blocks_;
  nn::Linear head_dense_;
  nn::LayerNorm head_norm_;
  Parameter<1> head_bias_;
};

}  // namespace ctp::encoder
