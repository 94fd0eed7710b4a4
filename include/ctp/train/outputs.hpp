/// @file   ctp/train/outputs.hpp
/// @brief  Outputs of one model on one batch, computed lazily.
/// @layer  train
#pragma once

#include <optional>

#include <ctp/autograd/rows.hpp>
#include <ctp/train/batch/device_batch.hpp>
#include <ctp/train/features.hpp>
#include <ctp/train/parameters/frozen_towers.hpp>

namespace ctp {

/// @brief Outputs of one model, with one set of weights, on one batch. Each output is computed at its first use, once.
template <class Model>
class Outputs {
 public:
  using B = typename Model::Backend;

  /// `frozen`: towers that run without a backward pass; values and dropout are the same.
  Outputs(const Model& model, Pass<B> pass, const DeviceBatch<B>& batch, FrozenTowers frozen = {})
      : model_(&model), pass_(pass), batch_(&batch), frozen_(frozen) {}

  [[nodiscard]] const Pass<B>& pass() const { return pass_; }
  /// Forbids further outputs: a replayed step computes only the outputs that the losses used.
  void seal() { sealed_ = true; }

  /// [B*N, image width]
  Variable<2, B> image_tokens() {
    return once(image_tokens_, [&] { return model_->image_encoder()(pass_of(frozen_.image), batch_->images()); });
  }
  /// [B*L, text width]
  Variable<2, B> text_tokens() {
    return once(text_tokens_, [&] { return model_->text_encoder()(pass_of(frozen_.text), batch_->text()); });
  }
  /// [B,E], the projected class token, not normalised
  Variable<2, B> image_raw() {
    return once(image_raw_,
                [&] { return model_->vision_proj()(pass_, first_rows(pass_, image_tokens(), batch_->size())); });
  }
  Variable<2, B> text_raw() {
    return once(text_raw_,
                [&] { return model_->text_proj()(pass_, first_rows(pass_, text_tokens(), batch_->size())); });
  }
  Features<B> image() {
    const auto local = once(image_, [&] { return normalize(pass_, image_raw()); });
    return {local, local, 0};
  }
  Features<B> text() {
    const auto local = once(text_, [&] { return normalize(pass_, text_raw()); });
    return {local, local, 0};
  }
  /// [B, text width], the class token of text fused with image, not normalised
  Variable<2, B> fused() {
    return once(fused_, [&] {
      auto text = batch_->text();
      text.reading = encoder::Reading::Fused;
      return first_rows(pass_, model_->text_encoder().fuse(pass_of(both_frozen()), text, image_tokens()),
                        batch_->size());
    });
  }
  /// [capacity, vocabulary], masked-language scores at the masked positions
  Variable<2, B> masked_scores() {
    return once(masked_scores_, [&] {
      const auto hidden = model_->text_encoder().fuse(pass_of(both_frozen()), batch_->masked_text(), image_tokens());
      return model_->text_encoder().word_scores(pass_, gather_rows(pass_, hidden, batch_->masked_positions().row));
    });
  }

 private:
  /// The pass, without its gradient if what it computes is frozen.
  [[nodiscard]] Pass<B> pass_of(bool frozen) const {
    Pass<B> pass = pass_;
    if (frozen) pass.gradient = nullptr;
    return pass;
  }
  [[nodiscard]] bool both_frozen() const { return frozen_.image && frozen_.text; }
  /// **Errors.** UsageError for a new output after seal().
  template <class Compute>
  Variable<2, B> once(std::optional<Variable<2, B>>& slot, const Compute& compute) const {
    require(slot || !sealed_, "Outputs",
            "an output is asked for in commit() that no loss() asked for; ask for it there");
    if (!slot) slot = compute();
    return *slot;
  }

  const Model* model_;
  Pass<B> pass_;
  const DeviceBatch<B>* batch_;
  FrozenTowers frozen_;
  std::optional<Variable<2, B>> image_tokens_, text_tokens_, image_raw_, text_raw_, image_, text_, fused_,
      masked_scores_;
  bool sealed_ = false;
};

}  // namespace ctp
