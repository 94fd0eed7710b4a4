/// @file   stops.hpp
/// @brief  Reasons to end a training between two steps: a signal, or a folder that is gone.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>

#include <ctp/core/error.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/data/batch.hpp>
#include <ctp/io/directories.hpp>
#include <ctp/io/run_folder.hpp>
#include <ctp/report/patient_log.hpp>
#include <ctp/train/observer.hpp>

#include "../common/stop_signals.hpp"

namespace pretrain {

/// The folder of a run is no longer under its path.
struct FilesGone : ctp::ResourceError {
  using ResourceError::ResourceError;
};

/// The last step that was done: part of the state of a run.
struct LastStep {
  std::uint32_t task = 0, epoch = 0;
  std::uint64_t step = 0, global_step = 0, steps = 0;  ///< `steps`: of the task; 0 before the first step
  std::string name;                                    ///< of the task

  template <class Archive>
  void visit(Archive& archive) {
    archive("last.task", task);
    archive("last.epoch", epoch);
    archive("last.step", step);
    archive("last.global_step", global_step);
    archive("last.steps", steps);
    archive("last.name", name);
  }
  /// "after task 0 ("name"), epoch 1, step 17 of 60"; step counts from 0 as in metrics.jsonl.
  [[nodiscard]] std::string text() const {
    if (steps == 0) return "before the first step";
    return "after task " + std::to_string(task) + " (" + ctp::quoted(name) + "), epoch " + std::to_string(epoch) +
           ", step " + std::to_string(step) + " of " + std::to_string(steps);
  }
};

/// @brief Observer that throws when the training must end, between two steps: Stopped after a signal, FilesGone if the
/// run's folder was removed, moved or replaced. Throws once.
///
/// Every two seconds it looks for the folder, and for metrics.jsonl: a log that was removed or replaced, as by `sed
/// -i`, goes on under its path.
class Stops final : public ctp::Observer {
 public:
  using Clock = std::chrono::steady_clock;

  /// `folder` may be null. `log` is open. `last`: where the last step is noted.
  Stops(ctp::io::RunFolder* folder, ctp::report::PatientLog& log, LastStep& last)
      : folder_(folder), log_(log), last_(last), tells_(log.in_place()) {}

  void task_begins(std::uint32_t /*task*/, const std::string& name, std::uint64_t /*steps*/) override { name_ = name; }
  void step_done(const ctp::StepReport& r) override {
    last_ = {r.task, r.epoch, r.step, r.global_step, r.steps, name_};
  }
  void between_steps(const ctp::Position& /*place*/) override { check(); }
  /// **Errors.** Stopped or FilesGone, once.
  void check() {
    if (thrown_) return;
    if (examples::StopSignals::requested() != 0) {
      thrown_ = true;
      examples::StopSignals::check();
    }
    if (!tells_ || Clock::now() - looked_ < std::chrono::seconds(2)) return;
    looked_ = Clock::now();
    if (ours()) return follow();
    thrown_ = true;
    throw FilesGone(gone_text());
  }
  /// Goes on in a log that was removed or replaced, and says so on standard error, if the folder is the run's.
  void follow() {
    if (!tells_ || !ours()) return;
    const auto done = log_.follow();
    if (!done) return;
    const std::string lines = std::to_string(done->lines_now);
    const std::string what = done->removed ? "the file was removed; it is made again with its " + lines + " lines"
                                           : "the file was replaced by one that has now " + lines +
                                                 " lines, where the old one has " + std::to_string(done->lines_before);
    std::fprintf(stderr, "continual_pretrain: %s: %s; the training goes on in it\n", log_.path().c_str(), what.c_str());
  }
  /// The message of FilesGone.
  [[nodiscard]] std::string gone_text() const {
    return ctp::io::directory_of(log_.path()) +
           ": expected the folder of this run, found it removed, moved or replaced; the training ends";
  }

 private:
  [[nodiscard]] bool ours() const { return folder_ == nullptr || folder_->owns(); }

  ctp::io::RunFolder* folder_;
  ctp::report::PatientLog& log_;
  LastStep& last_;
  bool tells_;  ///< false on a file system whose files have no lasting identity
  bool thrown_ = false;
  std::string name_;  ///< of the current task
  Clock::time_point looked_ = Clock::now();
};

/// The batches of another source, with a call before each one, which may throw.
class CheckedBatches final : public ctp::data::BatchSource {
 public:
  CheckedBatches(ctp::data::BatchSource& source, std::function<void()> check)
      : source_(source), check_(std::move(check)) {}

  [[nodiscard]] std::size_t steps() const override { return source_.steps(); }
  void start(std::uint32_t epoch) override { source_.start(epoch); }
  const ctp::data::Batch* next() override {
    check_();
    return source_.next();
  }
  [[nodiscard]] std::string sample_name(std::uint32_t ordinal) const override { return source_.sample_name(ordinal); }

 private:
  ctp::data::BatchSource& source_;
  std::function<void()> check_;
};

}  // namespace pretrain
