/// @file   ctp/report/metrics_log.hpp
/// @brief  Log of a run's metrics as JSON lines.
/// @layer  report
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <ctp/core/json_line.hpp>
#include <ctp/io/files.hpp>

namespace ctp::report {

/// @brief Appends one JSON object per line, unbuffered, so that `tail -f` shows every line at once.
///
/// **Errors.** ResourceError naming file and reason. The file then holds no part of the line, and the log stays usable:
/// the caller decides whether a full disk stops training.
class MetricsLog {
 public:
  /// `keep`: first truncate an existing file to this many bytes, the size() stored in a checkpoint.
  explicit MetricsLog(std::string path, std::optional<std::uint64_t> keep = {}) : file_(std::move(path), keep) {}

  void write(const JsonLine& line) {
    text_.clear();
    line.append_to(text_);
    file_.append_line(text_);
  }
  /// Waits until all lines are on the disk (fsync).
  void sync() { file_.sync(); }
  /// Bytes in the file; a checkpoint stores this number for `keep`.
  [[nodiscard]] std::uint64_t size() const noexcept { return file_.size(); }

 private:
  io::AppendFile file_;
  std::string text_;
};

}  // namespace ctp::report
