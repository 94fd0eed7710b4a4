/// @file   ctp/report/patient_log.hpp
/// @brief  Log of JSON lines that outlives a full disk, and an editor that replaces its file.
/// @layer  report
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

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

  /// What follow() did.
  struct Followed {
    bool removed = false;          ///< the path named no file; otherwise another file
    std::size_t lines_before = 0;  ///< of the file written so far
    std::size_t lines_now = 0;     ///< of the file at the path, with those carried over
  };

  explicit PatientLog(std::string path, Problem report = {}, std::size_t most_waiting_bytes = std::size_t{16} << 20U)
      : path_(std::move(path)), report_(std::move(report)), most_waiting_bytes_(most_waiting_bytes) {}

  /// Creates the file without a line. **Errors.** ResourceError.
  void open() {
    if (!file_) file_ = std::make_unique<io::AppendFile>(path_);
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
  /// @brief Goes on in the file that the path names by now, if it is not the file written so far. An editor replaces a
  /// file so: `sed -i` renames a new file over it.
  ///
  /// A removed file is made again with all its lines. Another file gets the lines that its editor had not read, of
  /// those written since the last call but one. Older lines that the other file lacks stay away. nullopt if the file is
  /// in place, or if this cannot be done now: that is a problem to report, and the next call tries again.
  std::optional<Followed> follow() {
    if (closed_ || !file_) return std::nullopt;
    std::optional<Followed> done;
    const bool well = attempt(
        [&] {
          if (file_->in_place()) {
            before_ = std::exchange(looked_, file_->stored_bytes());
          } else {
            done = move_on();
          }
        },
        false);
    unfollowed_ = well ? "" : problem_;
    if (done) write_waiting();
    return done;
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
    return unfollowed_.empty() ? unsafe_ : unfollowed_;
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
  static std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      lines.emplace_back(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
  }
  /// Place in `old` of the first line that the editor who made `edited` of it did not have. The last line that both
  /// have ties them together; behind it an editor may have changed lines, but neither added nor removed some.
  static std::size_t unread(const std::vector<std::string>& old, const std::vector<std::string>& edited) {
    std::unordered_map<std::string_view, std::size_t> behind;  // of each line in `old`: the place behind it
    for (std::size_t i = 0; i < old.size(); ++i) behind[old[i]] = i + 1;
    for (std::size_t i = edited.size(); i > 0; --i)
      if (const auto same = behind.find(edited[i - 1]); same != behind.end()) return same->second + edited.size() - i;
    return edited.size();
  }
  /// follow() for a file that is not in place. The lines to carry over wait before all others.
  Followed move_on() {
    Followed done{.removed = !io::exists(path_)};
    auto fresh = std::make_unique<io::AppendFile>(path_);
    std::vector<std::string> carried = lines_of(file_->text_from(0));
    const std::vector<std::string> there = lines_of(fresh->text_from(0));
    done.lines_before = carried.size();
    const std::size_t recent = carried.size() - lines_of(file_->text_from(before_)).size();
    const std::size_t first = done.removed ? 0 : std::min(std::max(recent, unread(carried, there)), carried.size());
    carried.erase(carried.begin(), carried.begin() + static_cast<std::ptrdiff_t>(first));
    for (const std::string& line : carried) bytes_ += line.size();
    done.lines_now = there.size() + carried.size();
    waiting_.insert(waiting_.begin(), std::make_move_iterator(carried.begin()), std::make_move_iterator(carried.end()));
    before_ = looked_ = fresh->stored_bytes();
    file_ = std::move(fresh);
    return done;
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
  std::unique_ptr<io::AppendFile> file_;
  std::uint64_t looked_ = 0, before_ = 0;  ///< bytes in the file at the last call of follow(), and at the one before
  Problem report_;
  std::size_t most_waiting_bytes_, bytes_ = 0, given_up_ = 0;
  std::deque<std::string> waiting_;
  std::string problem_, unsafe_;  ///< of the last failure; of the last failure of a sync or of closing
  std::string unfollowed_;        ///< of the last call of follow(), if it failed
  bool closed_ = false;
};

}  // namespace ctp::report
