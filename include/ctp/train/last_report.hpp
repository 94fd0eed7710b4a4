/// @file   ctp/train/last_report.hpp
/// @brief  The last reported step of an epoch.
/// @layer  train
#pragma once

#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <ctp/train/observer.hpp>

namespace ctp {

/// @brief A copy of the report of an epoch's last reported step, for Observer::ends_task(). Part of the state of a
/// training, but for the losses by policy: in a training that goes on they are there from its first step on.
class LastReport {
 public:
  void note(const StepReport& report) {
    report_ = report;
    parts_.assign(report.parts.begin(), report.parts.end());
    norm_ = std::isnan(report.gradient_norm) ? -1 : report.gradient_norm;
    there_ = 1;
  }
  void clear() {
    report_ = {};
    parts_.clear();
    norm_ = -1;
    there_ = 0;
  }
  /// Whether a step was reported since clear().
  [[nodiscard]] bool there() const { return there_ != 0; }
  /// Valid until note().
  [[nodiscard]] StepReport report() const {
    StepReport report = report_;  // restored: without parts
    report.parts = parts_;
    if (norm_ >= 0) report.gradient_norm = norm_;
    return report;
  }

  /// Calls archive("name", member) for each member.
  template <class Archive>
  void visit(Archive& archive) {
    archive("last_report.there", there_);
    archive("last_report.task", report_.task);
    archive("last_report.epoch", report_.epoch);
    archive("last_report.step", report_.step);
    archive("last_report.global_step", report_.global_step);
    archive("last_report.steps", report_.steps);
    archive("last_report.rate", report_.rate);
    archive("last_report.loss", report_.loss);
    archive("last_report.pairs", report_.pairs);
    archive("last_report.gradient_norm", norm_);
  }

 private:
  StepReport report_;
  std::vector<std::pair<const char*, double>> parts_;
  double norm_ = -1;  ///< -1 if it was not measured: a state has no NaN, which equals nothing
  std::uint32_t there_ = 0;
};

}  // namespace ctp
