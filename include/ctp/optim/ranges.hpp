/// @file   ctp/optim/ranges.hpp
/// @brief  Ranges of a parameter vector that are trained with different numbers.
/// @layer  optim
#pragma once

#include <limits>
#include <vector>

#include <ctp/core/shape.hpp>

namespace ctp::optim {

/// @brief Places from `begin` to before `end` of a parameter vector, and how an optimiser trains them.
///
/// **Units.** rate, decay: factors of the learning rate and of the weight decay.
struct Range {
  static constexpr double no_limit = std::numeric_limits<double>::infinity();

  Index begin = 0, end = 0;
  bool frozen = false;                        ///< nothing moves these places; only their gradient is set to zero
  double rate = 1, decay = 1;                 ///< factors
  double least = -no_limit, most = no_limit;  ///< every value is clamped after a step

  [[nodiscard]] Index size() const { return end - begin; }
  /// Whether both ranges are trained with the same numbers.
  [[nodiscard]] bool trains_as(const Range& other) const {
    if (frozen || other.frozen) return frozen == other.frozen;
    return rate == other.rate && decay == other.decay && least == other.least && most == other.most;
  }
};

/// Places from `begin` to before `end`.
struct Span {
  Index begin = 0, end = 0;
};

/// @brief The ranges of a parameter vector, in order and without gaps. Neighbours that are trained alike are one range.
class Ranges {
 public:
  Ranges() = default;
  /// One range of `size` places that are all trained with factors of 1.
  explicit Ranges(Index size) { append({.begin = 0, .end = size}); }

  /// Appends a range that begins where the last one ends; an empty range is left out.
  void append(const Range& range) {
    if (range.size() == 0) return;
    if (!list_.empty() && list_.back().trains_as(range))
      list_.back().end = range.end;
    else
      list_.push_back(range);
    if (range.frozen) return;
    if (!moving_.empty() && moving_.back().end == range.begin)
      moving_.back().end = range.end;
    else
      moving_.push_back({range.begin, range.end});
  }
  [[nodiscard]] const std::vector<Range>& list() const { return list_; }
  /// The places that are not frozen. Neighbours are one span, though their ranges differ.
  [[nodiscard]] const std::vector<Span>& moving() const { return moving_; }
  /// How many places are not frozen.
  [[nodiscard]] Index places_moved() const {
    Index places = 0;
    for (const Span& span : moving_) places += span.end - span.begin;
    return places;
  }
  /// Whether all places are trained with factors of 1, without a clamp: an optimiser need not know the ranges.
  [[nodiscard]] bool plain() const { return list_.empty() || (list_.size() == 1 && list_.front().trains_as(Range{})); }

 private:
  std::vector<Range> list_;
  std::vector<Span> moving_;
};

}  // namespace ctp::optim
