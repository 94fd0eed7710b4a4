/// @file   ctp/train/batch/device_batch.hpp
/// @brief  One batch in the backend's memory, with the inputs that all models of a step share.
/// @layer  train
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <ctp/core/model_config.hpp>
#include <ctp/data/batch.hpp>
#include <ctp/encoder/text_input.hpp>
#include <ctp/tensor/buffer.hpp>
#include <ctp/train/batch/batch_layout.hpp>
#include <ctp/train/batch/input_block.hpp>

namespace ctp {

/// @brief The masked positions, padded to a fixed capacity with positions of weight 0.
template <class B>
struct MaskedPositions {
  Tensor<const std::int32_t, 1, B> row;         ///< [capacity], position b * L + l
  Tensor<const std::int32_t, 1, B> target;      ///< [capacity], the token that was masked
  Tensor<const typename B::Real, 1, B> weight;  ///< [capacity], 1 / count at masked positions, else 0
};

/// @brief A batch on the backend. Memory is reused from batch to batch; shapes change with the shapes of the batches
/// only.
///
/// A batch goes to the backend as one block: images as bytes, which the backend normalises, and all other parts packed
/// behind each other. The parts that a step reads are then copied to memory with fixed addresses. On a backend that
/// copies ahead, load() does not wait for the steps launched before. Images that come as floats are uploaded in line.
///
/// A short last batch (data::Batch::full) lies at the beginning of a full batch's memory, so nothing moves and nothing
/// is allocated for it. No pair is added: every loss sees the pairs of the batch alone.
///
/// The capacity for masked positions is six standard deviations above the expected number, so that shapes do not vary.
/// A batch with more masked positions raises the capacity for good; no position is dropped.
template <class B>
class DeviceBatch {
 public:
  using Real = typename B::Real;

  /// **Errors.** UsageError for images, ids, labels or lengths that the model cannot take; names the sample's place.
  void load(const data::Batch& host, const ModelConfig& model) {
    check(host, model);
    const Index l = host.length, s = host.image_size, full = std::max(host.size, host.full);
    if (full != full_ || l != length_ || s != image_size_) reserve(full, l, s);
    const Index b = size_ = host.size;
    task_ = host.task;
    epoch_ = host.epoch;
    const auto masked = static_cast<Index>(std::count_if(
        host.labels.begin(), host.labels.end(), [](std::int32_t label) { return label != data::ignore_label; }));
    if (masked > masked_positions_.row.size()) reserve_masked(masked);

    pack(host, masked, input_.prepare(layout_.pixels + host.pixels.size()));
    const std::byte* there = input_.send();
    B::copy(there, kept_.size(), kept_.data());
    B::padding_bias(b * l, field<std::int32_t>(there, layout_.attend), Real(-10000), key_bias_.data());
    if (host.images.empty())
      B::normalize_pixels(b, s * s, field<std::uint8_t>(there, layout_.pixels), images_.data());
    else
      B::upload(host.images.data(), b * 3 * s * s, images_.data());
    input_.release();
  }

  [[nodiscard]] Index size() const { return size_; }
  /// Pairs of a full batch: size(), or more for a short last batch.
  [[nodiscard]] Index full_size() const { return full_; }
  [[nodiscard]] Index length() const { return length_; }
  [[nodiscard]] std::uint32_t task() const { return task_; }
  [[nodiscard]] std::uint32_t epoch() const { return epoch_; }
  /// [B,3,H,W]
  [[nodiscard]] Tensor<const Real, 4, B> images() const {
    return {images_.data(), {size_, 3, image_size_, image_size_}};
  }
  /// The text without masking.
  [[nodiscard]] encoder::TextInput<B> text() const { return input(layout_.ids, encoder::Reading::Text); }
  [[nodiscard]] encoder::TextInput<B> masked_text() const { return input(layout_.masked, encoder::Reading::Masked); }
  [[nodiscard]] const MaskedPositions<B>& masked_positions() const { return masked_positions_; }
  /// [B*L], 1 / count at tokens, 0 at padding: for means over the tokens of all texts
  [[nodiscard]] Tensor<const Real, 1, B> token_weights() const {
    return {kept<Real>(layout_.token_weight), {size_ * length_}};
  }
  /// [B] ordinals
  [[nodiscard]] const std::uint32_t* sample() const { return kept<std::uint32_t>(layout_.sample); }

 private:
  static void check(const data::Batch& host, const ModelConfig& model) {
    require(host.size > 0, "batch", "expected at least one pair, found none");
    if (host.image_size != model.image)
      refuse("images are ", host.image_size, " pixels wide but the model takes ", model.image, "");
    if (host.length > model.positions)
      refuse("texts are ", host.length, " tokens long but the model has ", model.positions,
             " positions; choose --max-words of at most that");
    const auto size = static_cast<std::size_t>(host.size), side = static_cast<std::size_t>(host.image_size);
    const std::size_t tokens = size * static_cast<std::size_t>(host.length);
    require(!host.pixels.empty() || !host.images.empty(), "batch",
            "expected pictures, found neither pixels nor images; fill one of them");
    require(host.pixels.empty() || host.images.empty(), "batch",
            "expected pictures as pixels or as images, found both; leave one of them empty");
    require_size("pixels: expected ", host.pixels.size(), host.images.empty() ? 3 * size * side * side : 0);
    require_size("images: expected ", host.images.size(), host.pixels.empty() ? 3 * size * side * side : 0);
    require_size("ids: expected ", host.ids.size(), tokens);
    require_size("attend: expected ", host.attend.size(), tokens);
    require_size("masked: expected ", host.masked.size(), tokens);
    require_size("labels: expected ", host.labels.size(), tokens);
    require_size("sample: expected ", host.sample.size(), size);
    const auto known = [&](std::int32_t id) { return id >= 0 && id < model.vocab; };
    for (std::size_t i = 0; i < host.ids.size(); ++i) {
      const bool sound = known(host.ids[i]) && known(host.masked[i]) &&
                         (host.labels[i] == data::ignore_label || known(host.labels[i]));
      if (!sound) refuse_token(static_cast<Index>(i), host.length, model.vocab);
    }
  }
  static void require_size(const char* name, std::size_t found, std::size_t expected) {
    if (found != expected)
      refuse(name, static_cast<Index>(expected), " values for its sizes, found ", static_cast<Index>(found),
             "; Batch::resize() gives every vector its length");
  }
  [[noreturn, gnu::cold]] static void refuse(const char* begin, Index first, const char* middle, Index second,
                                             const char* end) {
    ctp::detail::refuse("batch", begin + std::to_string(first) + middle + std::to_string(second) + end);
  }
  [[noreturn, gnu::cold]] static void refuse_token(Index token, Index length, Index vocabulary) {
    ctp::detail::refuse("batch", "token " + std::to_string(token % length) + " of pair " +
                                     std::to_string(token / length) + " is not below the vocabulary's size " +
                                     std::to_string(vocabulary) + "; was the text made with another vocabulary?");
  }

  void reserve(Index b, Index l, Index s) {
    full_ = b;
    length_ = l;
    image_size_ = s;
    images_ = Buffer<Real, B>(b * 3 * s * s);
    key_bias_ = Buffer<Real, B>(b * l);
    constexpr double share = 0.15;  // of the tokens are masked
    const auto candidates = static_cast<double>(b * (l - 1));
    reserve_masked(static_cast<Index>(candidates * share + 6 * std::sqrt(candidates * share * (1 - share))) + 1);
  }

  void reserve_masked(Index capacity) {
    capacity = std::min((capacity + 7) / 8 * 8, (full_ * length_ + 7) / 8 * 8);
    layout_ = BatchLayout<Real>(full_, full_ * length_, capacity);
    kept_ = Buffer<std::byte, B>(static_cast<Index>(layout_.kept));
    masked_positions_ = {{kept<std::int32_t>(layout_.row), {capacity}},
                         {kept<std::int32_t>(layout_.target), {capacity}},
                         {kept<Real>(layout_.label_weight), {capacity}}};
  }

  /// Writes the batch, with `masked` masked positions, to `block` in the order of layout_.
  void pack(const data::Batch& host, Index masked, std::byte* block) const {
    const auto put = [&](const auto& values, std::size_t offset) {
      if (!values.empty()) std::memcpy(block + offset, values.data(), values.size() * sizeof(values[0]));
    };
    put(host.ids, layout_.ids);
    put(host.masked, layout_.masked);
    put(host.sample, layout_.sample);
    put(host.attend, layout_.attend);
    put(host.pixels, layout_.pixels);

    const auto tokens = std::count(host.attend.begin(), host.attend.end(), 1);
    const auto token = static_cast<Real>(1 / static_cast<double>(std::max<std::ptrdiff_t>(tokens, 1)));
    auto* token_weight = field<Real>(block, layout_.token_weight);
    for (const std::int32_t attended : host.attend) *token_weight++ = attended != 0 ? token : Real(0);

    auto *row = field<std::int32_t>(block, layout_.row), *target = field<std::int32_t>(block, layout_.target);
    for (std::size_t i = 0; i < host.labels.size(); ++i)
      if (host.labels[i] != data::ignore_label) {
        *row++ = static_cast<std::int32_t>(i);
        *target++ = host.labels[i];
      }
    const Index padding = masked_positions_.row.size() - masked;
    std::fill_n(row, padding, 0);
    std::fill_n(target, padding, 0);
    auto* weight = field<Real>(block, layout_.label_weight);
    weight = std::fill_n(weight, masked, static_cast<Real>(1 / static_cast<double>(std::max<Index>(masked, 1))));
    std::fill_n(weight, padding, Real(0));
  }

  template <class T>
  static T* field(std::byte* block, std::size_t offset) {
    return reinterpret_cast<T*>(block + offset);
  }
  template <class T>
  static const T* field(const std::byte* block, std::size_t offset) {
    return reinterpret_cast<const T*>(block + offset);
  }
  template <class T>
  [[nodiscard]] const T* kept(std::size_t offset) const {
    return field<T>(kept_.data(), offset);
  }

  [[nodiscard]] encoder::TextInput<B> input(std::size_t ids, encoder::Reading reading) const {
    return {{kept<std::int32_t>(ids), {size_, length_}}, {key_bias_.data(), {size_, length_}}, reading};
  }

  Index size_ = 0, full_ = 0, length_ = 0, image_size_ = 0;
  std::uint32_t task_ = 0, epoch_ = 0;
  BatchLayout<Real> layout_;
  Buffer<std::byte, B> kept_;  // the parts of a block that a step reads
  Buffer<Real, B> images_, key_bias_;
  MaskedPositions<B> masked_positions_;
  InputBlock<B> input_;
};

}  // namespace ctp
