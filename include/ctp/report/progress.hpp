/// @file   ctp/report/progress.hpp
/// @brief  Progress of a training as text, with throughput and remaining time.
/// @layer  report
#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <utility>

namespace ctp::report {

/// A duration as text: "1:02:03", "4:05", "0:07". **Units.** seconds.
inline std::string duration(double seconds) {
  const auto s = static_cast<std::uint64_t>(seconds < 0 ? 0 : seconds + 0.5);
  char text[32];
  if (s >= 3600)
    std::snprintf(text, sizeof text, "%llu:%02u:%02u", static_cast<unsigned long long>(s / 3600),
                  static_cast<unsigned>(s / 60 % 60), static_cast<unsigned>(s % 60));
  else
    std::snprintf(text, sizeof text, "%u:%02u", static_cast<unsigned>(s / 60), static_cast<unsigned>(s % 60));
  return text;
}

/// @brief Measures a training's throughput and estimates its remaining time.
class Pace {
 public:
  using Clock = std::chrono::steady_clock;

  /// Starts the clock of a training with `steps` remaining steps.
  explicit Pace(std::uint64_t steps = 0) : left_(steps) {}

  /// Records one finished step of `pairs` pairs. A device's steps are reported several at a time.
  void step(int pairs, Clock::time_point now = Clock::now()) {
    const double took = std::chrono::duration<double>(now - last_).count();
    if (took >= smoothed_ / 4) {  // a new group of steps: `took` is the time of the previous group
      if (together_ > 0) {
        // The mean over about the last 20 steps, so that a pause for evaluation fades.
        const double weight = measured_ ? 1 - std::pow(0.95, together_) : 1;
        smoothed_ += weight * (took / together_ - smoothed_);
        measured_ = true;
      } else {
        first_ = took;
      }
      together_ = 0;
      last_ = now;
    }
    ++together_;
    if (!measured_) smoothed_ = first_ / together_;
    pairs_ = pairs;
    if (left_ > 0) --left_;
  }
  /// Restarts the clock after work other than steps, so that its time does not count.
  void pause_ends() { last_ = Clock::now(); }
  [[nodiscard]] double pairs_per_second() const { return smoothed_ > 0 ? pairs_ / smoothed_ : 0; }
  [[nodiscard]] double seconds_left() const { return smoothed_ * static_cast<double>(left_); }

 private:
  Clock::time_point last_ = Clock::now();
  double first_ = 0, smoothed_ = 0;
  int together_ = 0;  ///< steps reported together so far
  bool measured_ = false;
  int pairs_ = 0;
  std::uint64_t left_;
};

/// Values of one line of progress.
struct ProgressLine {
  std::size_t task = 0, tasks = 0;
  int epoch = 0, epochs = 0;
  std::uint64_t step = 0, steps = 0;
  double loss = 0;
  std::span<const std::pair<const char*, double>> parts;
  double pairs_per_second = 0, seconds_left = 0;
};

/// One line: "task 2/9  epoch 1/4  step 12/60  loss 5.1234 (in_batch_contrast 1.02, ...)  320 pairs/s  left 2:10"
inline std::string progress_text(const ProgressLine& at) {
  char text[160];
  std::snprintf(text, sizeof text, "task %zu/%zu  epoch %d/%d  step %llu/%llu  loss %.4f (", at.task + 1, at.tasks,
                at.epoch + 1, at.epochs, static_cast<unsigned long long>(at.step + 1),
                static_cast<unsigned long long>(at.steps), at.loss);
  std::string line = text;
  for (const auto& [name, value] : at.parts) {
    std::snprintf(text, sizeof text, "%s%s %.3f", line.back() == '(' ? "" : ", ", name, value);
    line += text;
  }
  std::snprintf(text, sizeof text, ")  %.0f pairs/s  left %s", at.pairs_per_second, duration(at.seconds_left).c_str());
  return line + text;
}

}  // namespace ctp::report
