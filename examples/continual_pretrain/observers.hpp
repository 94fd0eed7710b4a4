/// @file   observers.hpp
/// @brief  The progress line of continual_pretrain.
#pragma once

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>

#include <ctp/core/printable.hpp>
#include <ctp/report/progress.hpp>
#include <ctp/train/observer.hpp>

namespace pretrain {

/// Prints the progress of a training: one updated line on a terminal, else a line every five seconds.
class ProgressObserver final : public ctp::Observer {
 public:
  /// `epochs`: planned epochs of a task, by its number. `keeps_last`: --last-batch keep. `dropped`: where the number of
  /// pairs is noted that each epoch of the current task leaves out.
  ProgressObserver(std::size_t tasks, std::uint64_t steps_left, std::function<int(std::size_t)> epochs, bool keeps_last,
                   bool quiet, std::uint64_t& dropped)
      : tasks_(tasks),
        dropped_(dropped),
        epochs_(std::move(epochs)),
        keeps_last_(keeps_last),
        quiet_(quiet),
        terminal_(isatty(STDOUT_FILENO) == 1),
        pace_(steps_left) {}

  void task_begins(std::uint32_t, const std::string& name, std::uint64_t steps) override {
    pace_.pause_ends();
    dropped_ = 0;
    if (!quiet_)
      std::printf("task %s: %llu steps\n", ctp::printable(name).c_str(), static_cast<unsigned long long>(steps));
  }
  void task_resumes(std::uint32_t, const std::string& name, std::uint64_t steps) override {
    pace_.pause_ends();
    if (!quiet_)
      std::printf("task %s goes on: %llu steps in all\n", ctp::printable(name).c_str(),
                  static_cast<unsigned long long>(steps));
  }
  void pairs_dropped(std::uint32_t, const std::string& name, std::size_t pairs) override {
    dropped_ = pairs;
    if (!quiet_)
      std::printf("task %s: each epoch leaves out %zu pairs, too few for %s\n", ctp::printable(name).c_str(), pairs,
                  keeps_last_ ? "the losses" : "a batch (--last-batch keep trains on them)");
  }
  void step_done(const ctp::StepReport& r) override {
    pace_.step(r.pairs);
    if (quiet_) return;
    const bool last = r.step + 1 == r.steps;
    const auto now = ctp::report::Pace::Clock::now();
    const double since = std::chrono::duration<double>(now - shown_).count();
    if (!last && since < (terminal_ ? 0.2 : 5.0)) return;
    shown_ = now;
    const std::string text =
        ctp::report::progress_text({r.task, tasks_, static_cast<int>(r.epoch), epochs_(r.task), r.step, r.steps, r.loss,
                                    r.parts, pace_.pairs_per_second(), pace_.seconds_left()});
    std::printf(terminal_ ? "\r\x1b[K%s%s" : "%s%s", text.c_str(), terminal_ && !last ? "" : "\n");
    std::fflush(stdout);
  }

 private:
  std::size_t tasks_;
  std::uint64_t& dropped_;
  std::function<int(std::size_t)> epochs_;
  bool keeps_last_, quiet_, terminal_;
  ctp::report::Pace pace_;
  ctp::report::Pace::Clock::time_point shown_{};
};

}  // namespace pretrain
