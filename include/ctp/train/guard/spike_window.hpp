/// @file   ctp/train/guard/spike_window.hpp
/// @brief  Standard score of a number among the numbers of the last steps.
/// @layer  train
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ctp {

/// @brief The numbers of the last steps of a task, and the standard score (z-score) of the next one.
class SpikeWindow {
 public:
  static constexpr std::size_t least = 20;         ///< numbers before the first score
  static constexpr double least_deviation = 0.01;  ///< of the mean's size: a flat loss has no spikes by rounding

  /// `most`: numbers that the window holds; at least `least`.
  explicit SpikeWindow(std::size_t most) : most_(std::max(most, least)) {}

  /// @brief (x - mean) / deviation. The deviation is the standard deviation of the window's numbers (divided by their
  /// count), or `least_deviation` times the size of their mean if that is more. None before `least` numbers, or if x is
  /// not finite; 0 if the deviation is 0 and x the mean.
  [[nodiscard]] std::optional<double> score(double x) const {
    if (last_.size() < least || !std::isfinite(x)) return std::nullopt;
    const auto n = static_cast<double>(last_.size());
    double mean = 0, squares = 0;
    for (const double value : last_) mean += value;
    mean /= n;
    for (const double value : last_) squares += (value - mean) * (value - mean);
    const double deviation = std::max(std::sqrt(squares / n), least_deviation * std::abs(mean));
    if (x == mean) return 0;
    return (x - mean) / deviation;
  }
  /// Adds the number of a step; the oldest one leaves a full window.
  void add(double x) {
    if (!std::isfinite(x)) return;
    if (last_.size() < most_)
      last_.push_back(x);
    else
      last_[static_cast<std::size_t>(added_ % most_)] = x;
    ++added_;
  }
  void clear() {
    last_.clear();
    added_ = 0;
  }

  /// Calls archive(name + "...", member) for each member.
  template <class Archive>
  void visit(Archive& archive, const std::string& name) {
    archive(name + ".last", last_);
    archive(name + ".added", added_);
  }

 private:
  std::size_t most_;
  std::vector<double> last_;  ///< a ring, once it is full
  std::uint64_t added_ = 0;
};

}  // namespace ctp
