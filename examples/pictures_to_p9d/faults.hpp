// Rows of the table that cannot be taken: their lines, a count of each kind, and the first ones with their reasons.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <mutex>
#include <string>
#include <vector>

/// Why a picture cannot be taken.
enum class FaultKind : std::uint8_t {
  Missing,  ///< no such file
  Broken,   ///< no picture, a damaged one, or one above the limits
  Refused,  ///< the system refuses to read the file
};
inline constexpr std::array<const char*, 3> fault_kinds = {"missing", "broken", "refused"};

/// A row whose picture cannot be taken.
struct Fault {
  std::string file;    ///< as the table spells it
  std::string reason;  ///< a whole message, with the file's path
};

/// @brief The faults of a table. The first ones by line are kept with their reasons, of the others only the lines: the
/// memory of a table without good pictures is a small share of the table.
class Faults {
 public:
  static constexpr std::size_t most_kept = 20;

  /// Notes the fault of `line`, which has none yet. `describe` returns a Fault; it is called only if the fault is one
  /// of the first so far. Threads may call add() at once: the result does not depend on their order.
  template <class Describe>
  void add(std::size_t line, FaultKind kind, const Describe& describe) {
    const std::lock_guard lock(guard_);
    lines_.push_back(line);
    ++counts_[static_cast<std::size_t>(kind)];
    if (first_.size() == most_kept && line > std::prev(first_.end())->first) return;
    first_.emplace(line, describe());
    if (first_.size() > most_kept) first_.erase(std::prev(first_.end()));
  }

  [[nodiscard]] std::size_t size() const { return lines_.size(); }
  [[nodiscard]] bool empty() const { return lines_.empty(); }
  /// The first faults, by line.
  [[nodiscard]] const std::map<std::size_t, Fault>& first() const { return first_; }
  [[nodiscard]] std::size_t count(FaultKind kind) const { return counts_[static_cast<std::size_t>(kind)]; }
  /// The lines of all faults in rising order.
  [[nodiscard]] std::vector<std::size_t> lines() const {
    std::vector<std::size_t> sorted = lines_;
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  }
  /// The counts of the kinds that occur: "2 missing, 1 broken".
  [[nodiscard]] std::string kinds() const {
    std::string text;
    for (std::size_t i = 0; i < counts_.size(); ++i)
      if (counts_[i] > 0) text += (text.empty() ? "" : ", ") + std::to_string(counts_[i]) + " " + fault_kinds[i];
    return text;
  }
  /// The first faults with their lines, parted by " | ", and the number of the others.
  [[nodiscard]] std::string text() const {
    std::string text;
    for (const auto& [line, fault] : first_)
      text += (text.empty() ? "line " : " | line ") + std::to_string(line) + ": " + fault.reason;
    return size() > first_.size() ? text + " | and " + std::to_string(size() - first_.size()) + " more" : text;
  }

 private:
  std::mutex guard_;
  std::map<std::size_t, Fault> first_;
  std::vector<std::size_t> lines_;
  std::array<std::size_t, fault_kinds.size()> counts_{};
};
