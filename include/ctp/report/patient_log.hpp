/// @file   ctp/report/patient_log.hpp
/// @brief  Log of JSON lines that outlives a full disk.
/// @layer  report
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <ctp/core/error.hpp>
#include <ctp/core/json_line.hpp>
#include <ctp/io/files.hpp>

namespace ctp::report {

/// @brief Log of JSON lines, one object a line, that is written to at once. A line that cannot be written waits in
/// memory, and every later call tries again, so a training need not end because a disk is full for a while.
///
/// The file holds whole lines in their order. If the waiting lines exceed a limit, the oldest ones are given up. The
/// first problem is reported once, to the callback. The first line creates the file.
/// **Errors.** ResourceError of open() alone.
class PatientLog {
 public:
  using Problem = std::function<void(const std::string& message)>;

  explicit PatientLog(std::string path, Problem report = {}, std::size_t most_waiting_bytes = std::size_t{16} << 20U)
      : path_(std::move(path)), report_(std::move(report)), most_waiting_bytes_(most_waiting_bytes) {}

  /// Creates the file without a line. **Errors.** ResourceError.
  void open() {
    if (!file_) file_.emplace(path_);
  }
  void write(const JsonLine& line) {
    waiting_.push_back(line.text());
    bytes_ += waiting_.back().size();
    write_waiting();
    while (bytes_ > most_waiting_bytes_ && !waiting_.empty()) {
      drop_first();
      ++given_up_;
    }
  }
  /// Writes the waiting lines, and waits until the file is on the disk.
  void sync() {
    write_waiting();
    if (file_) attempt([this] { file_->sync(); }, true);
  }
  /// As sync(), and closes the file. Afterwards only lost() and in_place() may be called.
  void close() {
    sync();
    if (file_) attempt([this] { file_->close(); }, true);
    closed_ = true;
  }
  /// Lines that are not in the file: given up, or still waiting.
  [[nodiscard]] std::size_t lost() const { return given_up_ + waiting_.size(); }
  /// The last problem that may have cost a line, or an empty text. Lines that could be written later cost nothing.
  [[nodiscard]] std::string complaint() const {
    if (lost() > 0) return problem_ + "; lines lost: " + std::to_string(lost());
    return unsafe_;
  }
  [[nodiscard]] const std::string& path() const { return path_; }
  /// True if the path still names this log's file.
  [[nodiscard]] bool in_place() const { return closed_ || !file_ || file_->in_place(); }

 private:
  template <class Call>
  bool attempt(const Call& call, bool of_all_lines) {
    try {
      call();
      return true;
    } catch (const ResourceError& error) {
      if (problem_.empty() && report_) report_(error.what());
      problem_ = error.what();
      if (of_all_lines) unsafe_ = problem_;
      return false;
    }
  }
  void write_waiting() {
    const auto write_first = [this] {
      open();
      file_->append_line(waiting_.front());
    };
    while (!waiting_.empty() && attempt(write_first, false)) drop_first();
  }
  void drop_first() {
    bytes_ -= waiting_.front().size();
    waiting_.pop_front();
  }

  std::string path_;
  std::optional<io::AppendFile> file_;
  Problem report_;
  std::size_t most_waiting_bytes_, bytes_ = 0, given_up_ = 0;
  std::deque<std::string> waiting_;
  std::string problem_, unsafe_;  ///< of the last failure; of the last failure of a sync or of closing
  bool closed_ = false;
};

}  // namespace ctp::report
