/// @file   ctp/report/early_stop.hpp
/// @brief  Observer that ends a task when the loss falls no more.
/// @layer  report
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include <ctp/core/error.hpp>
#include <ctp/train/observer.hpp>

namespace ctp::report {

/// @brief Ends a task after `patience` epochs in a row without a gain. An epoch gains if its mean loss is lower than
/// that of the last epoch with a gain by more than `least_gain`; the first epoch of a task always gains.
///
/// The mean is over the steps of an epoch, of the weighted losses with the penalty. The learning rate follows the
/// planned steps, so a task that ends early ends at a higher rate.
/// **Errors.** UsageError for a patience below 1, and for a gain that is negative or not finite.
class EarlyStop final : public Observer {
 public:
  explicit EarlyStop(int patience, double least_gain = 0) : patience_(patience), least_gain_(least_gain) {
    if (patience < 1)
      throw UsageError(
          Complaint{"EarlyStop", "patience", "1 or more epochs", std::to_string(patience), "leave the observer out"}
              .text());
    if (!(std::isfinite(least_gain) && least_gain >= 0))
      throw UsageError(Complaint{"EarlyStop", "least_gain", "a number from 0", std::to_string(least_gain), ""}.text());
  }

  void task_begins(std::uint32_t, const std::string&, std::uint64_t) override {
    sum_ = 0;
    steps_ = 0;
    lowest_ = std::numeric_limits<double>::infinity();
    waited_ = 0;
  }
  void task_resumes(std::uint32_t, const std::string&, std::uint64_t) override {}  // goes on with the restored numbers
  void step_done(const StepReport& report) override {
    sum_ += report.loss;
    ++steps_;
  }
  bool ends_task(const StepReport& /*last*/) override {
    const double mean = sum_ / static_cast<double>(steps_);
    sum_ = 0;
    steps_ = 0;
    if (mean < lowest_ - least_gain_) {
      lowest_ = mean;
      waited_ = 0;
    } else {
      ++waited_;
    }
    return waited_ >= patience_;
  }
  /// Calls archive("name", member) for each member: `learner.state(early_stop)` saves them.
  template <class Archive>
  void visit(Archive& archive) {
    archive("early_stop.sum", sum_);
    archive("early_stop.steps", steps_);
    archive("early_stop.lowest", lowest_);
    archive("early_stop.waited", waited_);
  }
  /// The mean loss of the task's last epoch with a gain; infinity before the end of the first epoch.
  [[nodiscard]] double lowest() const { return lowest_; }

 private:
  int patience_;
  double least_gain_;
  double sum_ = 0, lowest_ = std::numeric_limits<double>::infinity();
  std::size_t steps_ = 0;
  int waited_ = 0;
};

}  // namespace ctp::report
