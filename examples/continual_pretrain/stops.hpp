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

/// @brief Observer that throws when the training must end: Stopped after a signal, FilesGone if the run's folder was
/// removed, moved or replaced. Throws once. The first step makes the run's folder count.
///
/// Every two seconds it looks for the folder, and for metrics.jsonl: a log that was removed or replaced, as by `sed
/// -i`, goes on under its path.
class Stops final : public ctp::Observer {
 public:
  using Clock = std::chrono::steady_clock;

  /// `folder` may be null. `log` is open.
  Stops(ctp::io::RunFolder* folder, ctp::report::PatientLog& log)
      : folder_(folder), log_(log), tells_(log.in_place()) {}

  void task_begins(std::uint32_t task, const std::string& name, std::uint64_t steps) override {
    name_ = name;
    if (begun_) return;
    last_.task = task;
    last_.steps = steps;
  }
  void step_done(const ctp::StepReport& report) override {
    if (!begun_ && folder_ != nullptr) folder_->keep();
    begun_ = true;
    last_ = report;
    last_.parts = {};  // belong to the report
    last_name_ = name_;
    check();
  }
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

  /// True once a step was done.
  [[nodiscard]] bool begun() const { return begun_; }
  /// The last step done.
  [[nodiscard]] const ctp::StepReport& last() const { return last_; }
  /// "task 0 ("name"), epoch 1, step 17 of 60"; step counts from 0 as in metrics.jsonl.
  [[nodiscard]] std::string position() const {
    return "task " + std::to_string(last_.task) + " (" + ctp::quoted(last_name_) + "), epoch " +
           std::to_string(last_.epoch) + ", step " + std::to_string(last_.step) + " of " + std::to_string(last_.steps);
  }

 private:
  [[nodiscard]] bool ours() const { return folder_ == nullptr || folder_->owns(); }

  ctp::io::RunFolder* folder_;
  ctp::report::PatientLog& log_;
  bool tells_;  ///< false on a file system whose files have no lasting identity
  bool begun_ = false, thrown_ = false;
  std::string name_, last_name_;
  ctp::StepReport last_;
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
