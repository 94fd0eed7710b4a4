/// @file   ctp/data/batch.hpp
/// @brief  One batch of a training step in host memory, and the interface of a batch source.
/// @layer  data
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ctp::data {

/// Label of a position that is not masked (PyTorch's ignore_index).
inline constexpr std::int32_t ignore_label = -100;

/// Form of the pictures of a batch or of a source.
enum class Pictures {
  Pixels,  ///< bytes, as decoded and augmented; the backend normalises them for the encoder
  Floats   ///< normalised input of the encoder, of sources without pixels
};

/// @brief One batch of image-text pairs on the host. Plain vectors: filled by a loader, read by a step, reused.
///
/// Pictures are either in `pixels` or in `images`; the other vector is empty.
struct Batch {
  int size = 0;  ///< B, pairs
  int full = 0;  ///< pairs of a full batch, if the last batch of an epoch may be shorter; 0: all have `size` pairs
  int image_size = 0;  ///< H = W, pixels
  int length = 0;      ///< L, tokens
  std::uint32_t task = 0, epoch = 0;

  std::vector<std::uint8_t> pixels;   ///< [B, H, W, 3], red, green and blue interleaved, 0 to 255
  std::vector<float> images;          ///< [B, 3, H, W], normalised
  std::vector<std::int32_t> ids;      ///< [B, L], tokens of the caption
  std::vector<std::int32_t> attend;   ///< [B, L], attention mask: 1 at tokens, 0 at padding
  std::vector<std::int32_t> masked;   ///< [B, L], tokens with some replaced for masked-language modelling
  std::vector<std::int32_t> labels;   ///< [B, L], the original token at masked positions, ignore_label elsewhere
  std::vector<std::uint32_t> sample;  ///< [B], ordinal of each pair in its stream; keys the random numbers

  /// Sets the sizes and resizes every vector; the unused one of `pixels` and `images` becomes empty. Keeps capacity, so
  /// a reused batch does not allocate.
  void resize(int batch_size, int image, int tokens, Pictures pictures = Pictures::Floats) {
    size = batch_size;
    image_size = image;
    length = tokens;
    const auto b = static_cast<std::size_t>(batch_size),
               hw = static_cast<std::size_t>(image) * static_cast<std::size_t>(image);
    const std::size_t bl = b * static_cast<std::size_t>(tokens);
    pixels.resize(pictures == Pictures::Pixels ? b * hw * 3 : 0);
    images.resize(pictures == Pictures::Floats ? b * 3 * hw : 0);
    ids.resize(bl);
    attend.resize(bl);
    masked.resize(bl);
    labels.resize(bl);
    sample.resize(b);
  }
};

/// @brief The batches of one task. The Learner calls start() or start_at() for an epoch and then next() until it
/// returns null.
///
/// Implementations decide the origin of batches, such as worker threads over files or vectors in memory.
class BatchSource {
 public:
  BatchSource() = default;
  BatchSource(const BatchSource&) = delete;
  BatchSource& operator=(const BatchSource&) = delete;
  virtual ~BatchSource() = default;

  /// Batches per epoch; at least 1.
  [[nodiscard]] virtual std::size_t steps() const = 0;
  /// Rewinds to the first batch of epoch `epoch`, counted from 0.
  virtual void start(std::uint32_t epoch) = 0;
  /// Rewinds to batch `first` of epoch `epoch`, counted from 0; the batches before it are made and left out, unless a
  /// source can do better. `first`: at most steps().
  virtual void start_at(std::uint32_t epoch, std::size_t first) {
    start(epoch);
    for (std::size_t i = 0; i < first; ++i) next();
  }
  /// Pairs that an epoch leaves out, as too few for one more batch. Another order leaves other pairs out.
  [[nodiscard]] virtual std::size_t dropped() const { return 0; }
  /// Ordinals of the bad pairs found so far: part of the state of a training, since later epochs may leave them out.
  [[nodiscard]] virtual std::vector<std::uint32_t> bad_pairs() const { return {}; }
  /// Tells a new source, before its first epoch, what bad_pairs() returned when the training was interrupted.
  virtual void set_bad_pairs(std::span<const std::uint32_t> /*ordinals*/) {}
  /// The next batch, or null at the end of the epoch. Valid until the next call.
  virtual const Batch* next() = 0;
  /// Name of a pair for messages, by its ordinal. **Errors.** none; unknown ordinals give the number as text.
  [[nodiscard]] virtual std::string sample_name(std::uint32_t ordinal) const { return std::to_string(ordinal); }
};

}  // namespace ctp::data
