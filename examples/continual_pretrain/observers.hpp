/// @file   observers.hpp
/// @brief  What the main program says while it trains: lines of metrics.jsonl, and progress for people.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <string>

#include <ctp/io/metrics_log.hpp>
#include <ctp/report/progress.hpp>
#include <ctp/train/observer.hpp>

namespace pretrain {

/// Writes a line every `every` steps and at the end of a task, to a log and, if asked, to standard output.
class MetricsObserver final : public ctp::Observer {
 public:
  MetricsObserver(ctp::io::MetricsLog& log, int every, bool echo)
      : log_(log), every_(static_cast<std::uint64_t>(every)), echo_(echo) {}

  void task_begins(std::uint32_t, const std::string&, std::uint64_t) override { pace_ = ctp::report::Pace(); }
  void step_done(const ctp::StepReport& r) override {
    pace_.step(r.pairs);
    if (r.step % every_ != 0 && r.step + 1 != r.steps) return;
    ctp::JsonLine parts, line;
    for (const auto& [name, value] : r.parts) parts.add(name, value);
    line.add("kind", "step")
        .add("task", r.task)
        .add("epoch", r.epoch)
        .add("step", r.step)
        .add("global_step", r.global_step);
    line.add("lr", r.rate).add("loss", r.loss).add("parts", parts).add("pairs_per_second", pace_.pairs_per_second());
    write(line);
  }
  void write(const ctp::JsonLine& line) {
    log_.write(line);
    if (echo_) std::printf("%s\n", line.text().c_str());
  }

 private:
  ctp::io::MetricsLog& log_;
  std::uint64_t every_;
  bool echo_;
  ctp::report::Pace pace_;
};

/// Shows where a training stands: one line that is rewritten on a terminal, a line now and then elsewhere.
class ProgressObserver final : public ctp::Observer {
 public:
  ProgressObserver(std::size_t tasks, std::uint64_t all_steps, int epochs, bool quiet)
      : tasks_(tasks), epochs_(epochs), quiet_(quiet), terminal_(isatty(STDOUT_FILENO) == 1), pace_(all_steps) {}

  void task_begins(std::uint32_t, const std::string& name, std::uint64_t steps) override {
    pace_.pause_ends();
    if (!quiet_) std::printf("task %s: %llu steps\n", name.c_str(), static_cast<unsigned long long>(steps));
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
        ctp::report::progress_text({r.task, tasks_, static_cast<int>(r.epoch), epochs_, r.step, r.steps, r.loss,
                                    r.parts, pace_.pairs_per_second(), pace_.seconds_left()});
    std::printf(terminal_ ? "\r\x1b[K%s%s" : "%s%s", text.c_str(), terminal_ && !last ? "" : "\n");
    std::fflush(stdout);
  }

 private:
  std::size_t tasks_;
  int epochs_;
  bool quiet_, terminal_;
  ctp::report::Pace pace_;
  ctp::report::Pace::Clock::time_point shown_{};
};

}  // namespace pretrain
