/// @file   ctp/data/pairs/memory_source.hpp
/// @brief  A Source over pairs in memory: for tests, and for data that is not stored in files.
/// @layer  data
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/data/batch.hpp>
#include <ctp/data/image/augment.hpp>
#include <ctp/data/image/image.hpp>
#include <ctp/data/picture_row.hpp>
#include <ctp/data/source.hpp>

namespace ctp::data {

/// @brief Source over pairs in memory. Add all pairs before the source becomes part of a Task.
///
/// A pair holds either decoded pixels or finished floats. The source resizes or augments pixels as FileSource does, and
/// copies finished floats unchanged. Finished floats cannot be augmented: a Loader over them needs `augment = false`.
class MemorySource final : public Source {
 public:
  /// `augmentation`: of pictures for training. `token_ids`: token_ids_of() the vocabulary of the captions, if the
  /// Learner is to compare the vocabulary with the model's.
  explicit MemorySource(const Augmentation& augmentation = {}, std::optional<TokenIds> token_ids = {})
      : augmentation_(augmentation), token_ids_(std::move(token_ids)) {}

  /// Adds decoded pixels; returns the pair's ordinal. **Shapes.** tokens: from [CLS] to [SEP], not padded.
  std::uint32_t add(Image pixels, std::vector<std::int32_t> tokens, std::string name = {}) {
    const auto expected = static_cast<std::size_t>(pixels.width) * static_cast<std::size_t>(pixels.height) * 3;
    if (pixels.width < 1 || pixels.height < 1 || pixels.rgb.size() != expected) {
      throw DataError(Complaint{"MemorySource::add", name, "width * height * 3 bytes of pixels",
                                std::to_string(pixels.rgb.size()) + " for " + std::to_string(pixels.width) + " by " +
                                    std::to_string(pixels.height),
                                ""}
                          .text());
    }
    return push({std::move(pixels), {}, 0, std::move(tokens), std::move(name)});
  }

  /// Adds finished floats. **Shapes.** chw: [3, size, size]. **Units.** normalised.
  std::uint32_t add(std::vector<float> chw, int size, std::vector<std::int32_t> tokens, std::string name = {}) {
    if (size < 1 || chw.size() != 3 * static_cast<std::size_t>(size) * static_cast<std::size_t>(size)) {
      throw DataError(Complaint{"MemorySource::add", name, "3 * size * size floats",
                                std::to_string(chw.size()) + " for size " + std::to_string(size), ""}
                          .text());
    }
    has_floats_ = true;
    return push({{}, std::move(chw), size, std::move(tokens), std::move(name)});
  }

  [[nodiscard]] std::size_t size() const override { return pairs_.size(); }

  [[nodiscard]] std::string name(std::uint32_t ordinal) const override {
    const bool named = ordinal < pairs_.size() && !pairs_[ordinal].name.empty();
    return named ? pairs_[ordinal].name : std::to_string(ordinal);
  }

  [[nodiscard]] Pictures pictures() const override { return has_floats_ ? Pictures::Floats : Pictures::Pixels; }

  void image(std::uint32_t ordinal, RandomSubstream* augment, const PictureRow& out) const override {
    const Pair& pair = pairs_.at(ordinal);
    if (!pair.chw.empty()) {
      if (augment != nullptr || out.size() != pair.size) {
        throw UsageError(Complaint{"MemorySource::image", name(ordinal),
                                   "no augmentation and image size " + std::to_string(pair.size),
                                   augment != nullptr ? "augmentation" : "image size " + std::to_string(out.size()),
                                   "the pair was added as finished floats; add its pixels instead"}
                             .text());
      }
      out.write(pair.chw);
    } else if (augment != nullptr) {
      out.write(augment_for_training(pair.pixels, out.size(), *augment, augmentation_));
    } else {
      out.write(resize_for_test(pair.pixels, out.size()));
    }
  }

  [[nodiscard]] std::span<const std::int32_t> tokens(std::uint32_t ordinal) const override {
    return pairs_.at(ordinal).tokens;
  }

  [[nodiscard]] std::optional<TokenIds> token_ids() const override { return token_ids_; }

 private:
  struct Pair {
    Image pixels;
    std::vector<float> chw;
    int size = 0;
    std::vector<std::int32_t> tokens;
    std::string name;
  };

  std::uint32_t push(Pair pair) {
    pairs_.push_back(std::move(pair));
    return static_cast<std::uint32_t>(pairs_.size() - 1);
  }

  Augmentation augmentation_;
  std::optional<TokenIds> token_ids_;
  std::vector<Pair> pairs_;
  bool has_floats_ = false;
};

}  // namespace ctp::data
