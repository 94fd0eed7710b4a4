// Files that a table names twice.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <unordered_set>
#include <utility>

#include <ctp/core/fingerprint.hpp>
#include <ctp/data/pairs/caption_groups.hpp>

/// @brief Finds two rows with one spelling of a file, by ctp::data::tidy_path(). Holds 16 bytes a row, not the names: a
/// table may name many files that do not exist.
class Spellings {
 public:
  void add(const std::string& file, std::size_t line) { rows_.emplace_back(fingerprint(file), line); }

  /// Calls `refuse(file, line, earlier line)` for the first row whose file is that of an earlier row; `refuse` must
  /// throw. `again(take)` must call `take(file, line)` for all rows once more; it is called only if fingerprints are
  /// equal.
  template <class Again, class Refuse>
  void require_different(const Again& again, const Refuse& refuse) {
    std::sort(rows_.begin(), rows_.end());
    std::unordered_set<std::uint64_t> repeated;
    for (std::size_t i = 1; i < rows_.size(); ++i)
      if (rows_[i].first == rows_[i - 1].first) repeated.insert(rows_[i].first);
    if (repeated.empty()) return;
    std::map<std::string, std::size_t> seen;
    again([&](const std::string& file, std::size_t line) {
      if (!repeated.contains(fingerprint(file))) return;
      const auto [earlier, fresh] = seen.emplace(ctp::data::tidy_path(file), line);
      if (!fresh) refuse(file, line, earlier->second);
    });
  }

 private:
  static std::uint64_t fingerprint(const std::string& file) {
    return ctp::Fingerprint().add(ctp::data::tidy_path(file)).value();
  }
  std::deque<std::pair<std::uint64_t, std::size_t>> rows_;  // fingerprint and line
};
