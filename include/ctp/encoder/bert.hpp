/// @file   ctp/encoder/bert.hpp
/// @brief  BERT as text and fusion encoder, with masked-language head.
/// @layer  encoder
#pragma once

#include <string>
#include <vector>

#include <ctp/autograd/embedding.hpp>
#include <ctp/autograd/layer_norm.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/encoder/text_input.hpp>
#include <ctp/nn/bert_block.hpp>

namespace ctp::encoder {

/// @brief Post-norm BERT. Layers from `fusion_layer` on have cross-attention to the image tokens.
///
/// **Shapes.** ids [B,L] -> tokens [B*L,D].  The masked-language head's output weights are the word embeddings (tied).
/// **Source.** Devlin et al. 2019, arXiv:1810.04805; fusion as in ALBEF, Li et al. 2021, arXiv:2107.07651.
class Bert {
 public:
  Bert(const ModelConfig& c, Layout& layout)
      : width_(c.text_width),
        fusion_layer_(static_cast<std::size_t>(c.fusion_layer)),
        padding_(c.pad),
        words_(layout.add<2>(prefix() + "embeddings.word_embeddings.weight", {c.vocab, width_}, Start::Table)),
        positions_(
            layout.add<2>(prefix() + "embeddings.position_embeddings.weight", {c.positions, width_}, Start::Table)),
        types_(layout.add<2>(prefix() + "embeddings.token_type_embeddings.weight", {c.types, width_}, Start::Table)),
        norm_(layout, prefix() + "embeddings.LayerNorm", width_, 1e-12),
        blocks_(make_blocks(c, layout)),
        head_bias_(layout.add<1>("text_mlm_encoder.cls.predictions.bias", {c.vocab}, Start::Zeros)),
        head_dense_(layout, "text_mlm_encoder.cls.predictions.transform.dense", width_, width_),
        head_norm_(layout, "text_mlm_encoder.cls.predictions.transform.LayerNorm", width_, 1e-12) {}

  [[nodiscard]] Index width() const { return width_; }

  /// Encodes the text alone, by the layers below `fusion_layer`. **Shapes.** returns [B*L,D].
  template <class B>
  Variable<2, B> operator()(const Pass<B>& pass, const TextInput<B>& text) const {
    return read(pass, text, {}, fusion_layer_);
  }

  /// Encodes the text with its image, by all layers. **Shapes.** image_tokens [B*N, image width] -> [B*L,D].
  template <class B>
  Variable<2, B> fuse(const Pass<B>& pass, const TextInput<B>& text, Variable<2, B> image_tokens) const {
    return read(pass, text, image_tokens, blocks_.size());
  }

  /// Masked-language scores (logits) over the vocabulary at the given rows. **Shapes.** rows [n,D] -> [n,vocab].
  template <class B>
  Variable<2, B> word_scores(const Pass<B>& pass, Variable<2, B> rows) const {
    const auto h = head_norm_(pass, head_dense_.with_gelu(pass, rows));
    return linear(pass, h, pass[words_], pass[head_bias_]);
  }

 private:
  static std::string prefix() { return "text_mlm_encoder.bert."; }
  static std::vector<nn::BertBlock> make_blocks(const ModelConfig& c, Layout& layout) {
    std::vector<nn::BertBlock> blocks;
    for (int i = 0; i < c.text_layers; ++i)
      blocks.emplace_back(layout, prefix() + "encoder.layer." + std::to_string(i) + ".", c.text_width, c.intermediate,
                          c.text_heads, i >= c.fusion_layer ? c.vision_width : 0);
    return blocks;
  }
  /// dropout_id of the first dropout layer of a block.
  template <class B>
  static std::uint32_t first_dropout_id(const TextInput<B>& text, std::size_t block) {
    return text.dropout_id(1 + static_cast<std::uint32_t>(block) * nn::BertBlock::dropout_layers);
  }
  /// Runs the embeddings and the first `depth` layers.
  template <class B>
  Variable<2, B> read(const Pass<B>& pass, const TextInput<B>& text, Variable<2, B> image_tokens,
                      std::size_t depth) const {
    if (depth == 0) return embed(pass, text);
    return enclosed(pass, [&](const Pass<B>& inner) {
      const SharedOperand<B> image(inner, image_tokens);
      auto x = embed(inner, text);
      for (std::size_t i = 0; i < depth; ++i)
        x = blocks_[i](i + 1 < depth ? inner : pass, x, text.key_bias, image, text.ids.shape[0],
                       first_dropout_id(text, i));
      return x;
    });
  }
  template <class B>
  Variable<2, B> embed(const Pass<B>& pass, const TextInput<B>& text) const {
    const auto x = embedding(pass, text.ids, pass[words_], pass[positions_], pass[types_], padding_);
    return dropout(pass, norm_(pass, x), pass.dropout_layer(text.dropout_id(0)), text.ids.shape[1]);
  }

  Index width_;
  std::size_t fusion_layer_;
  std::int32_t padding_;
  Parameter<2> words_, positions_, types_;
  nn::LayerNorm norm_;
  std::vector<nn::BertBlock> blocks_;
  Parameter<1> head_bias_;
  nn::Linear head_dense_;
  nn::LayerNorm head_norm_;
};

}  // namespace ctp::encoder
