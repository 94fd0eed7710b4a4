/// @file   ctp/data/source.hpp
/// @brief  Interface of an image-text data set, and a task as a subset of it.
/// @layer  data
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <ctp/core/philox.hpp>
#include <ctp/data/batch.hpp>
#include <ctp/data/picture_row.hpp>
#include <ctp/data/text/token_ids.hpp>

namespace ctp::data {

/// @brief Image-text pairs, each with an ordinal in [0, size()) that never changes.
///
/// The ordinal keys all random numbers of a pair, so a source must give a pair the same ordinal in every run. Several
/// threads call the members concurrently; the members must not change visible state.
class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  /// Number of pairs.
  [[nodiscard]] virtual std::size_t size() const = 0;
  /// Name of a pair for messages. Must accept every ordinal, also one >= size().
  [[nodiscard]] virtual std::string name(std::uint32_t ordinal) const = 0;
  /// Form of the pictures in batches of this source: floats if any of its pairs has no pixels.
  [[nodiscard]] virtual Pictures pictures() const { return Pictures::Pixels; }
  /// @brief Writes the picture to `out`, in the size of `out`.
  ///
  /// `augment`: random numbers of the crop, the flip and the operations; null for the plain picture of evaluation.
  /// **Errors.** DataError for a picture that cannot be decoded; OnBadImage applies to this error alone.
  virtual void image(std::uint32_t ordinal, RandomSubstream* augment, const PictureRow& out) const = 0;
  /// Tokens of the caption from [CLS] to [SEP], not padded. Valid as long as the source lives.
  [[nodiscard]] virtual std::span<const std::int32_t> tokens(std::uint32_t ordinal) const = 0;
  /// Ids of the vocabulary of the captions, which a model must share; nothing if the source does not know its
  /// vocabulary: then the caller answers for the ids.
  [[nodiscard]] virtual std::optional<TokenIds> token_ids() const { return std::nullopt; }
};

/// @brief One task of a stream: a name and the pairs to learn from, as ordinals of one source.
///
/// Rehearsal adds ordinals of earlier tasks to `members`.
struct Task {
  std::string name;
  std::shared_ptr<const Source> source;
  std::vector<std::uint32_t> members;
};

}  // namespace ctp::data
