/// @file   ctp/data/source.hpp
/// @brief  Pairs addressed by number, wherever they come from; and a task as a choice among them.
/// @layer  data
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <ctp/core/philox.hpp>
#include <ctp/data/batch.hpp>
#include <ctp/data/picture_row.hpp>

namespace ctp::data {

/// @brief Image-text pairs, each with an ordinal in [0, size()) that never changes.
///
/// Everything random about a pair is keyed by its ordinal, so a source must give the same pair the same ordinal in
/// every run. All members are called from several threads at once and must not change anything visible.
class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  /// Number of pairs.
  [[nodiscard]] virtual std::size_t size() const = 0;
  /// What messages call this pair; must hold for every ordinal, known or not.
  [[nodiscard]] virtual std::string name(std::uint32_t ordinal) const = 0;
  /// What the batches of this source hold: floats if any of its pairs has no pixels.
  [[nodiscard]] virtual Pictures pictures() const { return Pictures::Pixels; }
  /// @brief Writes the picture to `out`, in the size that it has there.
  ///
  /// `augment`: where the random crop, flip and operations draw from; null for the plain picture of evaluation.
  /// **Errors.** DataError for a picture that cannot be used: this, and nothing else, is subject to OnBadImage.
  virtual void image(std::uint32_t ordinal, RandomSubstream* augment, const PictureRow& out) const = 0;
  /// Tokens of the caption from [CLS] to [SEP], not padded. Valid as long as the source lives.
  [[nodiscard]] virtual std::span<const std::int32_t> tokens(std::uint32_t ordinal) const = 0;
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
