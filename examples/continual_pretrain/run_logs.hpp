/// @file   run_logs.hpp
/// @brief  The logs of a run in its checkpoints: their lengths, and cutting them back. Without JSON.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/io/checkpoint/checkpoint.hpp>
#include <ctp/io/directories.hpp>
#include <ctp/io/files.hpp>
#include <ctp/report/patient_log.hpp>

namespace pretrain {

/// Files of a run that grow by lines.
inline const std::vector<std::string> run_logs{"metrics.jsonl", "bad_images.jsonl"};

/// How a difference from the checkpoint is allowed.
inline constexpr const char* allow_remedy = "give the run's own value, or allow the difference: --allow KEY";

namespace detail {
inline constexpr const char* no_log = "none";

/// Bytes of a log when the checkpoint was saved; nullopt if the log was not there.
inline std::optional<std::uint64_t> log_bytes(const ctp::io::Checkpoint& checkpoint, const std::string& log) {
  const auto fact = checkpoint.facts.find("log." + log);
  if (fact == checkpoint.facts.end() || fact->second == no_log) return std::nullopt;
  std::uint64_t bytes = 0;
  const char* const end = fact->second.data() + fact->second.size();
  const auto [stop, problem] = std::from_chars(fact->second.data(), end, bytes);
  if (stop != end || problem != std::errc())
    throw ctp::CheckpointError(
        ctp::Complaint{checkpoint.path, fact->first, "a number of bytes", fact->second, ""}.text());
  return bytes;
}
}  // namespace detail

/// @brief Adds the length of a log, and the lines that could not be written yet, to the facts of a checkpoint. All that
/// could be written is on the disk before, and the name of the file, too. **Errors.** ResourceError.
inline void add_log(ctp::io::CheckpointFacts& facts, const std::string& name, ctp::report::PatientLog& log) {
  log.sync();
  const bool there = ctp::io::exists(log.path());
  facts["log." + name] = there ? std::to_string(ctp::io::InputFile(log.path()).size()) : detail::no_log;
  if (there) ctp::io::detail::sync_folder_of(log.path());
  if (const std::string lines = log.waiting_lines(); !lines.empty()) facts["log." + name + ".waiting"] = lines;
}

/// **Errors.** CheckpointError if a log is shorter than when the checkpoint was saved, or gone.
inline void require_log(const std::string& output, const std::string& log, const ctp::io::Checkpoint& checkpoint) {
  const auto bytes = detail::log_bytes(checkpoint, log);
  const std::string path = ctp::io::join(output, log);
  if (!bytes) return;
  const bool there = ctp::io::exists(path);
  const std::uint64_t found = there ? ctp::io::InputFile(path).size() : 0;
  if (there && found >= *bytes) {
    std::array<std::byte, 1> last{std::byte{'\n'}};
    if (*bytes > 0) ctp::io::InputFile(path).read_at(*bytes - 1, last);
    if (last[0] == std::byte{'\n'}) return;
    throw ctp::CheckpointError(ctp::Complaint{
        path, "byte " + std::to_string(*bytes), "the end of a line, as at step " + std::to_string(checkpoint.step),
        "another byte: the file was changed", "put the file back, or cut it there all the same: --allow " + log}
                                   .text());
  }
  throw ctp::CheckpointError(ctp::Complaint{
      path, "size", "at least " + std::to_string(*bytes) + " bytes, as at step " + std::to_string(checkpoint.step),
      there ? std::to_string(found) + " bytes" : "no file",
      "put the file back, or go on without its lines: --allow " + log}
                                 .text());
}

/// @brief Cuts a log back to its length at the checkpoint, so that no line is there twice, and appends the lines that
/// could not be written then. A log that was not there is removed. **Errors.** CheckpointError, ResourceError.
inline void cut_log(const std::string& output, const std::string& log, const ctp::io::Checkpoint& checkpoint) {
  const auto bytes = detail::log_bytes(checkpoint, log);
  const std::string path = ctp::io::join(output, log);
  if (!checkpoint.facts.contains("log." + log)) return;
  if (!bytes) return ctp::io::remove_file(path);
  const std::uint64_t there = ctp::io::exists(path) ? ctp::io::InputFile(path).size() : 0;
  ctp::io::AppendFile file(path, std::min(*bytes, there));
  if (const auto lines = checkpoint.facts.find("log." + log + ".waiting"); lines != checkpoint.facts.end()) {
    std::istringstream waiting(lines->second);
    for (std::string line; std::getline(waiting, line);) file.append_line(line);
  }
  file.sync();
  file.close();
}

/// Whether metrics.jsonl has a summary behind its length at the checkpoint: the run is finished.
inline bool has_summary(const std::string& output, const ctp::io::Checkpoint& checkpoint) {
  const std::string path = ctp::io::join(output, run_logs.front());
  const auto bytes = detail::log_bytes(checkpoint, run_logs.front());
  if (!bytes || !ctp::io::exists(path)) return false;
  const ctp::io::InputFile file(path);
  if (file.size() <= *bytes) return false;
  std::string lines(static_cast<std::size_t>(file.size() - *bytes), '\0');
  file.read_at(*bytes, std::as_writable_bytes(std::span(lines)));
  const std::size_t at = lines.find("{\"kind\":\"summary\"");
  return at != std::string::npos && lines.find('\n', at) != std::string::npos;
}

}  // namespace pretrain
