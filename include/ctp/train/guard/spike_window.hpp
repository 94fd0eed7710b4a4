/// @file   ctp/train/guard/spike_window.hpp
/// @brief  Standard score of a number among the numbers of the last steps.
/// @layer  train
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
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
    const auto window = std::span(last_).last(std::min(last_.size(), most_));
    const auto n = static_cast<double>(window.size());
    double mean = 0, squares = 0;
    for (const double value : window) mean += value;
    mean /= n;
    for (const double value : window) squares += (value - mean) * (value - mean);
    const double deviation = std::max(std::sqrt(squares / n), least_deviation * std::abs(mean));
    if (x == mean) return 0;
    return (x - mean) / deviation;
  }
  /// Adds the number of a step; the oldest one leaves a full window.
  void add(double x) {
    if (!std::isfinite(x)) return;
    if (last_.size() >= most_) last_.erase(last_.begin(), last_.end() - static_cast<std::ptrdiff_t>(most_ - 1));
    last_.push_back(x);
  }
  void clear() { last_.clear(); }

  /// Calls archive(name, member).
  template <class Archive>
  void visit(Archive& archive, const std::string& name) {
    archive(name, last_);
  }

 private:
  std::size_t most_;
  std::vector<double> last_;  ///< oldest first; more than `most_` after a resume with a smaller window
};

}  // namespace ctp
