/// @file   ctp/report/loss_watch.hpp
/// @brief  Observer that notices steps whose loss jumps far above the losses before.
/// @layer  report
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <ctp/train/observer.hpp>

namespace ctp::report {

/// @brief Counts the jumps of the loss in each task: steps whose loss exceeds ten times the median of the last 32 steps
/// of the task, and that median by more than 1. The first five steps of a task never count.
///
/// A training whose loss explodes and comes back shows nothing of it in a log of every n-th step.
class LossWatch final : public Observer {
 public:
  static constexpr double factor = 10;          ///< of the median
  static constexpr double least_rise = 1;       ///< above the median, so that a loss near 0 has no jumps
  static constexpr std::size_t window = 32;     ///< steps of the median
  static constexpr std::size_t least_seen = 5;  ///< steps before the first that may count

  /// `first_jump(report, median)` is called for the first jump of each task.
  using FirstJump = std::function<void(const StepReport& report, double median)>;

  explicit LossWatch(FirstJump first_jump) : first_jump_(std::move(first_jump)) {}

  void task_begins(std::uint32_t, const std::string&, std::uint64_t) override {
    recent_.clear();
    seen_ = jumps_ = 0;
    largest_ = 0;
  }
  void task_resumes(std::uint32_t, const std::string&, std::uint64_t) override {}  // goes on with the restored numbers
  void step_done(const StepReport& report) override {
    if (seen_ >= least_seen) {
      const double middle = median();
      if (middle > 0 && report.loss > factor * middle && report.loss > middle + least_rise) {
        if (jumps_++ == 0 && first_jump_) first_jump_(report, middle);
      }
    }
    largest_ = seen_ == 0 ? report.loss : std::max(largest_, report.loss);
    if (recent_.size() < window)
      recent_.push_back(report.loss);
    else
      recent_[seen_ % window] = report.loss;
    ++seen_;
  }

  /// Calls archive("name", member) for each member: `learner.state(loss_watch)` saves them.
  template <class Archive>
  void visit(Archive& archive) {
    archive("loss_watch.recent", recent_);
    archive("loss_watch.seen", seen_);
    archive("loss_watch.jumps", jumps_);
    archive("loss_watch.largest", largest_);
  }
  /// Jumps in the task so far.
  [[nodiscard]] std::uint64_t jumps() const { return jumps_; }
  /// Largest loss of a step of the task so far.
  [[nodiscard]] double largest() const { return largest_; }

 private:
  /// The lower median of the last steps.
  [[nodiscard]] double median() {
    sorted_ = recent_;
    const auto middle = sorted_.begin() + static_cast<std::ptrdiff_t>((sorted_.size() - 1) / 2);
    std::nth_element(sorted_.begin(), middle, sorted_.end());
    return *middle;
  }

  FirstJump first_jump_;
  std::vector<double> recent_, sorted_;
  std::uint64_t seen_ = 0, jumps_ = 0;
  double largest_ = 0;
};

}  // namespace ctp::report
