/// @file   ctp/train/device_batch.hpp
/// @brief  One batch in the backend's memory, with what is derived from it once for all models.
/// @layer  train - may include every layer below
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <ctp/core/model_config.hpp>
#include <ctp/data/batch.hpp>
#include <ctp/encoder/text_input.hpp>
#include <ctp/tensor/buffer.hpp>

namespace ctp {

/// @brief The positions at which a word is asked for, padded to a fixed number with positions of weight zero.
template <class B>
struct Labelled {
  Tensor<const std::int32_t, 1, B> row;         ///< [capacity], position b * L + l
  Tensor<const std::int32_t, 1, B> target;      ///< [capacity], the word
  Tensor<const typename B::Real, 1, B> weight;  ///< [capacity], 1 / count at labelled positions, else 0
};

/// @brief A batch on the backend. Memory is reused from batch to batch; shapes stay as long as the batches' do.
///
/// The room for labelled positions is six deviations above their expected number, so that shapes do not vary; a batch
/// that has more enlarges it for good, nothing is dropped.
template <class B>
class DeviceBatch {
 public:
  using Real = typename B::Real;

  /// **Errors.** UsageError for ids, labels or lengths that the model cannot take, naming the sample's place.
  void load(const data::Batch& host, const ModelConfig& model) {
    check(host, model);
    const Index b = host.size, l = host.length, s = host.image_size;
    if (b != size_ || l != length_ || s != image_size_) reserve(b, l, s);
    task_ = host.task;
    epoch_ = host.epoch;
    B::upload(host.images.data(), b * 3 * s * s, images_.data());
    B::upload(host.ids.data(), b * l, ids_.data());
    B::upload(host.masked.data(), b * l, masked_.data());
    B::upload(host.attend.data(), b * l, attend_.data());
    B::upload(host.sample.data(), b, sample_.data());
    B::padding_bias(b * l, attend_.data(), Real(-10000), key_bias_.data());
    load_token_weights(host);
    load_labels(host);
  }

  [[nodiscard]] Index size() const { return size_; }
  [[nodiscard]] Index length() const { return length_; }
  [[nodiscard]] std::uint32_t task() const { return task_; }
  [[nodiscard]] std::uint32_t epoch() const { return epoch_; }
  /// [B,3,H,W]
  [[nodiscard]] Tensor<const Real, 4, B> images() const {
    return {images_.data(), {size_, 3, image_size_, image_size_}};
  }
  /// The text as it is. Dropout lanes of the different readings do not overlap.
  [[nodiscard]] encoder::TextInput<B> text() const { return input(ids_, 0); }
  [[nodiscard]] encoder::TextInput<B> masked_text() const { return input(masked_, 1U << 16U); }
  [[nodiscard]] const Labelled<B>& labelled() const { return labelled_; }
  /// [B*L], 1 / count at tokens, 0 at padding: for means over the tokens of all texts
  [[nodiscard]] Tensor<const Real, 1, B> token_weights() const { return {token_weight_.data(), {size_ * length_}}; }
  /// [B] ordinals
  [[nodiscard]] const std::uint32_t* sample() const { return sample_.data(); }

 private:
  static void check(const data::Batch& host, const ModelConfig& model) {
    require(host.size > 0, "batch", "expected at least one pair, found none");
    if (host.image_size != model.image)
      require(false, "batch",
              "images are " + std::to_string(host.image_size) + " pixels wide but the model takes " +
                  std::to_string(model.image));
    if (host.length > model.positions)
      require(false, "batch",
              "texts are " + std::to_string(host.length) + " tokens long but the model has " +
                  std::to_string(model.positions) + " positions; choose --max-words of at most that");
    const auto known = [&](std::int32_t id) { return id >= 0 && id < model.vocab; };
    for (std::size_t i = 0; i < host.ids.size(); ++i) {
      const bool sound = known(host.ids[i]) && known(host.masked[i]) &&
                         (host.labels[i] == data::ignore_label || known(host.labels[i]));
      if (sound) continue;
      require(false, "batch",
              "token " + std::to_string(i % static_cast<std::size_t>(host.length)) + " of pair " +
                  std::to_string(i / static_cast<std::size_t>(host.length)) + " is not below the vocabulary's size " +
                  std::to_string(model.vocab) + "; was the text made with another vocabulary?");
    }
  }

  void reserve(Index b, Index l, Index s) {
    size_ = b;
    length_ = l;
    image_size_ = s;
    images_ = Buffer<Real, B>(b * 3 * s * s);
    ids_ = Buffer<std::int32_t, B>(b * l);
    masked_ = Buffer<std::int32_t, B>(b * l);
    attend_ = Buffer<std::int32_t, B>(b * l);
    sample_ = Buffer<std::uint32_t, B>(b);
    key_bias_ = Buffer<Real, B>(b * l);
    token_weight_ = Buffer<Real, B>(b * l);
    host_weight_.reserve(static_cast<std::size_t>(b * l));
    constexpr double asked = 0.15;
    const auto candidates = static_cast<double>(b * (l - 1));
    reserve_labels(static_cast<Index>(candidates * asked + 6 * std::sqrt(candidates * asked * (1 - asked))) + 1);
  }

  void reserve_labels(Index capacity) {
    capacity = std::min((capacity + 7) / 8 * 8, (size_ * length_ + 7) / 8 * 8);
    row_ = Buffer<std::int32_t, B>(capacity);
    target_ = Buffer<std::int32_t, B>(capacity);
    weight_ = Buffer<Real, B>(capacity);
    labelled_ = {{row_.data(), {capacity}}, {target_.data(), {capacity}}, {weight_.data(), {capacity}}};
    host_row_.reserve(static_cast<std::size_t>(capacity));
    host_target_.reserve(static_cast<std::size_t>(capacity));
    host_weight_.reserve(static_cast<std::size_t>(capacity));
  }

  void load_token_weights(const data::Batch& host) {
    const auto tokens = std::count(host.attend.begin(), host.attend.end(), 1);
    const double weight = 1 / static_cast<double>(std::max<std::ptrdiff_t>(tokens, 1));
    host_weight_.clear();
    for (const std::int32_t attended : host.attend) host_weight_.push_back(attended != 0 ? weight : 0);
    B::upload(host_weight_.data(), token_weight_.size(), token_weight_.data());
  }

  void load_labels(const data::Batch& host) {
    const auto asked = static_cast<Index>(std::count_if(
        host.labels.begin(), host.labels.end(), [](std::int32_t label) { return label != data::ignore_label; }));
    if (asked > row_.size()) reserve_labels(asked);
    const auto capacity = static_cast<std::size_t>(row_.size());
    host_row_.clear();
    host_target_.clear();
    for (std::size_t i = 0; i < host.labels.size(); ++i)
      if (host.labels[i] != data::ignore_label) {
        host_row_.push_back(static_cast<std::int32_t>(i));
        host_target_.push_back(host.labels[i]);
      }
    host_weight_.assign(host_row_.size(), 1 / static_cast<double>(std::max<Index>(asked, 1)));
    host_row_.resize(capacity, 0);
    host_target_.resize(capacity, 0);
    host_weight_.resize(capacity, 0);
    B::upload(host_row_.data(), row_.size(), row_.data());
    B::upload(host_target_.data(), row_.size(), target_.data());
    B::upload(host_weight_.data(), row_.size(), weight_.data());
  }

  [[nodiscard]] encoder::TextInput<B> input(const Buffer<std::int32_t, B>& ids, std::uint32_t first_lane) const {
    return {{ids.data(), {size_, length_}}, {key_bias_.data(), {size_, length_}}, first_lane};
  }

  Index size_ = 0, length_ = 0, image_size_ = 0;
  std::uint32_t task_ = 0, epoch_ = 0;
  Buffer<Real, B> images_, key_bias_, token_weight_, weight_;
  Buffer<std::int32_t, B> ids_, masked_, attend_, row_, target_;
  Buffer<std::uint32_t, B> sample_;
  Labelled<B> labelled_;
  std::vector<std::int32_t> host_row_, host_target_;
  std::vector<double> host_weight_;
};

}  // namespace ctp
