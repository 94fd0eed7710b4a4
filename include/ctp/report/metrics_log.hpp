/// @file   ctp/report/metrics_log.hpp
/// @brief  The metrics of a run as JSON lines.
/// @layer  report
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <ctp/core/json_line.hpp>
#include <ctp/io/files.hpp>

namespace ctp::report {

/// @brief Appends one JSON object per line and hands each line to the system at once, so that `tail -f` sees it.
///
/// **Errors.** ResourceError naming file and reason. The line is then not in the file, not even half of it, and the log
/// may be used on: whether training stops over a full disk is the caller's decision.
class MetricsLog {
 public:
  /// `keep`: cut an existing file to this many bytes first, the size() that a checkpoint stored.
  explicit MetricsLog(std::string path, std::optional<std::uint64_t> keep = {}) : file_(std::move(path), keep) {}

  void write(const JsonLine& line) {
    text_.clear();
    line.append_to(text_);
    file_.append_line(text_);
  }
  /// Waits until all lines are on the disk.
  void sync() { file_.sync(); }
  /// Bytes in the file; what a checkpoint stores to cut the file to later.
  [[nodiscard]] std::uint64_t size() const noexcept { return file_.size(); }

 private:
  io::AppendFile file_;
  std::string text_;
};

}  // namespace ctp::report
