/// @file   ctp/nn/bert_block.hpp
/// @brief  Post-norm transformer block of BERT, with or without cross-attention.
/// @layer  nn
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ctp/nn/layers.hpp>

namespace ctp::nn {

/// @brief Attention sublayer: layer_norm(x + dropout(dense(attention(x, memory)))), with dropout on attention weights.
///
/// **Shapes.** x [batch*n,d], memory [batch*m,d_memory] -> [batch*n,d].  Uses the dropout layers `dropout_id` and
/// `dropout_id + 1`.
/// **Source.** Devlin et al. 2019, arXiv:1810.04805, as released; layer norm epsilon 1e-12.
struct BertAttention {
  std::optional<Linear> query;  ///< none in self-attention
  JoinedLinear joined;          ///< keys and values; in self-attention queries, keys and values
  Linear dense;
  LayerNorm norm;
  Index heads;

  /// `memory`: width of the rows of memory, or 0 for self-attention, whose memory is x.
  BertAttention(Layout& layout, const std::string& name, Index d, Index memory, Index head_count)
      : query(memory > 0 ? std::optional<Linear>(std::in_place, layout, name + ".self.query", d, d) : std::nullopt),
        joined(layout, joined_names(name + ".self.", memory > 0), d, memory > 0 ? memory : d),
        dense(layout, name + ".output.dense", d, d),
        norm(layout, name + ".output.LayerNorm", d, 1e-12),
        heads(head_count) {}

  /// **Errors.** UsageError if `memory` is not x in self-attention.
  template <class B>
  Variable<2, B> operator()(const Pass<B>& pass, const SharedOperand<B>& x, const SharedOperand<B>& memory,
                            Tensor<const typename B::Real, 2, B> key_bias, Index batch,
                            std::uint32_t dropout_id) const {
    require(query || memory.variable.value.data == x.variable.value.data, "BertAttention",
            "self-attention reads no other memory than x; make the layer with the width of the memory");
    const backend::Dropout layer = pass.dropout_layer(dropout_id);
    auto mixed = query ? attention_operand(pass, query->operand(pass, x), joined.operand(pass, memory), batch, heads,
                                           key_bias, layer)
                       : attention_operand(pass, joined.operand(pass, x), batch, heads, key_bias, layer);
    return norm(pass, x.variable, dense(pass, std::move(mixed)), dropout_id + 1, x.variable.value.shape[0] / batch);
  }
  template <class B>
  Variable<2, B> operator()(const Pass<B>& pass, Variable<2, B> x, Variable<2, B> memory,
                            Tensor<const typename B::Real, 2, B> key_bias, Index batch,
                            std::uint32_t dropout_id) const {
    const SharedOperand<B> own(pass, x);
    const bool self = memory.value.data == x.value.data;
    return (*this)(pass, own, self ? own : SharedOperand<B>(pass, memory), key_bias, batch, dropout_id);
  }

 private:
  static std::vector<std::string> joined_names(const std::string& name, bool cross) {
    if (cross) return {name + "key", name + "value"};
    return {name + "query", name + "key", name + "value"};
  }
};

/// @brief Self-attention, optional cross-attention to image tokens, and feed-forward sublayer.
///
/// **Shapes.** x [batch*n,d], image_tokens [batch*m,memory] -> [batch*n,d].  Uses the dropout layers `dropout_id` to
/// `dropout_id + 4`.
///
/// **Source.** as BertAttention; cross-attention as in ALBEF (Li et al. 2021, arXiv:2107.07651, figure 1).
struct BertBlock {
  static constexpr std::uint32_t dropout_layers = 5;

  BertAttention self;
  std::optional<BertAttention> cross;
  Linear intermediate, output;
  LayerNorm norm;

  /// `memory`: width of the image tokens, or 0 for a block without cross-attention.
  BertBlock(Layout& layout, const std::string& name, Index d, Index hidden, Index head_count, Index memory)
      : self(layout, name + "attention", d, 0, head_count),
        cross(memory > 0
                  ? std::optional<BertAttention>(std::in_place, layout, name + "crossattention", d, memory, head_count)
                  : std::nullopt),
        intermediate(layout, name + "intermediate.dense", hidden, d),
        output(layout, name + "output.dense", d, hidden),
        norm(layout, name + "output.LayerNorm", d, 1e-12) {}

  template <class B>
  Variable<2, B> operator()(const Pass<B>& pass, Variable<2, B> x, Tensor<const typename B::Real, 2, B> key_bias,
                            const SharedOperand<B>& image_tokens, Index batch, std::uint32_t dropout_id) const {
    return enclosed(pass, [&](const Pass<B>& inner) {
      const SharedOperand<B> own(inner, x);
      auto read = self(inner, own, own, key_bias, batch, dropout_id);
      if (cross) read = (*cross)(inner, SharedOperand<B>(inner, read), image_tokens, {}, batch, dropout_id + 2);
      const auto h = output(inner, intermediate.gelu_operand(inner, SharedOperand<B>(inner, read)));
      return norm(pass, read, h, dropout_id + 4, x.value.shape[0] / batch);
    });
  }
};

}  // namespace ctp::nn
