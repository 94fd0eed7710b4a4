/// @file   ctp/report/step_lines.hpp
/// @brief  Training steps as JSON lines.
/// @layer  report
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include <ctp/core/json_line.hpp>
#include <ctp/report/progress.hpp>
#include <ctp/train/observer.hpp>

namespace ctp::report {

/// @brief Observer that sends every n-th step of a task, and the task's last step, to a sink as one JSON line.
///
/// **Units.** `lr` is the learning rate, `loss` the weighted sum, `parts` the losses before weighting,
/// `pairs_per_second` the throughput since the task began, `gradient_norm` the length of the gradient before clipping,
/// if it is measured.
class StepLines final : public Observer {
 public:
  using Sink = std::function<void(const JsonLine&)>;

  StepLines(Sink sink, int every) : sink_(std::move(sink)), every_(static_cast<std::uint64_t>(every)) {}

  void task_begins(std::uint32_t, const std::string&, std::uint64_t) override { pace_ = Pace(); }
  void step_done(const StepReport& r) override {
    pace_.step(r.pairs);
    if (r.step % every_ != 0 && r.step + 1 != r.steps) return;
    JsonLine parts, line;
    for (const auto& [name, value] : r.parts) parts.add(name, value);
    line.add("kind", "step")
        .add("task", r.task)
        .add("epoch", r.epoch)
        .add("step", r.step)
        .add("global_step", r.global_step);
    line.add("lr", r.rate).add("loss", r.loss).add("parts", parts).add("pairs_per_second", pace_.pairs_per_second());
    if (!std::isnan(r.gradient_norm)) line.add("gradient_norm", r.gradient_norm);
    sink_(line);
  }

 private:
  Sink sink_;
  std::uint64_t every_;
  Pace pace_;
};

}  // namespace ctp::report
