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
  /// A removed file is made again with all its lines. Another file gets the lines that its editor had not read: those
  /// behind the last line that both files have, but not the lines that the editor changed. If the files have no line in
  /// common, it gets those written since the last call but one; older lines stay away, and count as lost unless the
  /// editor changed them. nullopt if the file is in place, or if this cannot be done now: that is a problem to report,
  /// and the next call tries again.
  std::optional<Followed> follow() {
    if (closed_ || !file_) return std::nullopt;
    std::optional<Followed> done;
    const bool well = attempt(
        [&] {
          if (file_->in_place()) {
            gone_ = false;
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
  /// Lines that are not in the file: given up, left in a replaced file, or still waiting.
  [[nodiscard]] std::size_t lost() const { return given_up_ + waiting_.size(); }
  /// The last problem that may have cost a line, or an empty text. Lines that could be written later cost nothing.
  [[nodiscard]] std::string complaint() const {
    if (lost() > 0) return problem_ + "; lines lost: " + std::to_string(lost());
    return unfollowed_.empty() ? unsafe_ : unfollowed_;
  }
  [[nodiscard]] const std::string& path() const { return path_; }
  /// The lines that could not be written yet, each with a line end.
  [[nodiscard]] std::string waiting_lines() const {
    std::string text;
    for (const std::string& line : waiting_) (text += line) += '\n';
    return text;
  }
  /// True if the path still names this log's file.
  [[nodiscard]] bool in_place() const { return closed_ || !file_ || file_->in_place(); }

 private:
  template <class Call>
  bool attempt(const Call& call, bool of_all_lines) {
    try {
      call();
      return true;
    } catch (const ResourceError& error) {
      say(error.what());
      if (of_all_lines) unsafe_ = problem_;
      return false;
    }
  }
  void say(std::string problem) {
    if (problem_.empty() && report_) report_(problem);
    problem_ = std::move(problem);
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
  /// How far an editor of the log had read it.
  struct Reading {
    std::size_t end = 0;  ///< place in the log of the first line that was not read
    bool tied = false;    ///< a line of the log stands in the edited file, too
  };
  /// True if `edited` may be the changed line `old`: what both begin and end with is half of the longer one.
  static bool resemble(std::string_view old, std::string_view edited) {
    const auto same = [](const auto& first, const auto& last, const auto& other, const auto& other_last) {
      return static_cast<std::size_t>(std::mismatch(first, last, other, other_last).first - first);
    };
    const std::size_t start = same(old.begin(), old.end(), edited.begin(), edited.end());
    old.remove_prefix(start);
    edited.remove_prefix(start);
    const std::size_t end = same(old.rbegin(), old.rend(), edited.rbegin(), edited.rend());
    return start + end >= std::max(old.size(), edited.size()) - end;
  }
  /// The lines of `edited` that stand in `old`, in their order, tie the two together. Of the lines behind the last tie,
  /// those that resemble the lines in their places are changed ones; the editor added the others.
  static Reading reading(const std::vector<std::string>& old, const std::vector<std::string>& edited) {
    std::unordered_map<std::string_view, std::vector<std::size_t>> places;
    for (std::size_t i = 0; i < old.size(); ++i) places[old[i]].push_back(i);
    Reading found;
    std::size_t next = 0;  // in `edited`: the line behind the last tie
    for (std::size_t i = 0; i < edited.size(); ++i) {
      const auto line = places.find(edited[i]);
      if (line == places.end()) continue;
      const auto place = std::lower_bound(line->second.begin(), line->second.end(), found.end);
      if (place == line->second.end()) continue;
      found = {*place + 1, true};
      next = i + 1;
    }
    while (next < edited.size() && found.end < old.size() && resemble(old[found.end], edited[next])) {
      ++found.end;
      ++next;
    }
    return found;
  }
  /// follow() for a file that is not in place. The lines to carry over wait before all others. All that can fail comes
  /// before the first change.
  Followed move_on() {
    const std::string text = file_->text_from(0);
    std::vector<std::string> carried = lines_of(text);
    const std::string_view lately = std::string_view(text).substr(std::min<std::size_t>(before_, text.size()));
    const std::size_t recent = carried.size() - lines_of(lately).size();
    gone_ = gone_ || !io::exists(path_);
    auto fresh = std::make_unique<io::AppendFile>(path_);
    const std::uint64_t size = fresh->size();
    const std::vector<std::string> there = lines_of(size == 0 ? "" : fresh->text_from(0));
    Followed done{.removed = gone_ && size == 0, .lines_before = carried.size()};  // else an editor was faster
    std::size_t first = 0, left = 0;
    if (!done.removed) {
      const Reading read = reading(carried, there);
      first = read.tied ? read.end : std::max(recent, read.end);
      left = first - read.end;
    }
    carried.erase(carried.begin(), carried.begin() + static_cast<std::ptrdiff_t>(first));
    for (const std::string& line : carried) bytes_ += line.size();
    done.lines_now = there.size() + carried.size();
    waiting_.insert(waiting_.begin(), std::make_move_iterator(carried.begin()), std::make_move_iterator(carried.end()));
    before_ = looked_ = size;
    file_ = std::move(fresh);
    gone_ = false;
    given_up_ += left;
    if (left > 0)
      say(Complaint{path_, "lines", "some of those written before", "another file with none of them",
                    "older lines stay away"}
              .text());
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
  bool gone_ = false;             ///< the path named no file at a call of follow() that could not end
  bool closed_ = false;
};

}  // namespace ctp::report
