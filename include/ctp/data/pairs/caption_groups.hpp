/// @file   ctp/data/pairs/caption_groups.hpp
/// @brief  Pictures of a caption table with all their captions.
/// @layer  data
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/fingerprint.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/data/pairs/caption_table.hpp>

namespace ctp::data {

/// One picture of a table, with the captions of all its rows.
struct CaptionedPicture {
  std::size_t line = 0;  ///< of its first row
  std::string file;      ///< as spelt there
  std::vector<std::string> captions;
  std::string task, category;
};

/// `file` without "." parts and doubled slashes: "a/b.jpg" for "./a//b.jpg". Parts ".." stay.
inline std::string tidy_path(std::string_view file) {
  std::string out = file.starts_with('/') ? "/" : "";
  for (std::size_t at = 0; at < file.size();) {
    const std::size_t end = std::min(file.find('/', at), file.size());
    const std::string_view part = file.substr(at, end - at);
    at = end + 1;
    if (part.empty() || part == ".") continue;
    if (!out.empty() && out.back() != '/') out += '/';
    out += part;
  }
  return out;
}

/// @brief Joins the rows of one picture, in the order of the pictures' first rows.
///
/// Rows are of one picture if tidy_path() of their files is equal. Names and captions are held once: what finds them
/// again are fingerprints.
class CaptionGroups {
 public:
  /// `table`: its name, for messages.
  explicit CaptionGroups(std::string table) : table_(std::move(table)) {}

  /// **Errors.** DataError naming table and line: a picture with one caption twice, or with two tasks or categories.
  void add(CaptionRow&& row) {
    const std::string tidy = tidy_path(row.file);
    const std::uint64_t print = Fingerprint().add(tidy).value();
    const auto [begin, end] = places_.equal_range(print);
    const auto same =
        std::find_if(begin, end, [&](const auto& entry) { return tidy_path(pictures[entry.second].file) == tidy; });
    if (same == end) {
      places_.emplace(print, pictures.size());
      pictures.push_back({row.line, std::move(row.file), {}, std::move(row.task), std::move(row.category)});
      pictures.back().captions.push_back(std::move(row.caption));
      return;
    }
    CaptionedPicture& picture = pictures[same->second];
    const std::string earlier = " as on line " + std::to_string(picture.line);
    const auto refuse = [&](const std::string& expected, const std::string& found, const char* remedy) {
      throw DataError(Complaint{table_, "line " + std::to_string(row.line), expected, found, remedy}.text());
    };
    if (row.task != picture.task)
      refuse("the task " + ctp::quoted(picture.task) + " of " + ctp::quoted(picture.file) + earlier,
             ctp::quoted(row.task), "a picture belongs to one task");
    if (row.category != picture.category)
      refuse("the category " + ctp::quoted(picture.category) + " of " + ctp::quoted(picture.file) + earlier,
             ctp::quoted(row.category), "a picture belongs to one category");
    const auto note = [&](const std::string& caption) {
      return seen_.insert(Fingerprint().add(std::to_string(same->second)).add(caption).value()).second;
    };
    if (picture.captions.size() == 1) note(picture.captions.front());
    if (!note(row.caption) &&
        std::find(picture.captions.begin(), picture.captions.end(), row.caption) != picture.captions.end())
      refuse("every caption of " + ctp::quoted(picture.file) + " once", ctp::quoted(row.caption) + " twice",
             "remove one of the lines");
    picture.captions.push_back(std::move(row.caption));
  }

  std::deque<CaptionedPicture> pictures;  ///< a deque: it grows without a second copy

 private:
  std::string table_;
  std::unordered_multimap<std::uint64_t, std::size_t> places_;  // fingerprint of a tidy path, and a picture's place
  std::unordered_set<std::uint64_t> seen_;  // of a picture's place and a caption, of pictures with several
};

/// The pictures of `rows` by CaptionGroups. **Errors.** as CaptionGroups::add().
inline std::deque<CaptionedPicture> group_captions(const std::string& table, std::vector<CaptionRow> rows) {
  CaptionGroups groups(table);
  for (CaptionRow& row : rows) groups.add(std::move(row));
  return std::move(groups.pictures);
}

}  // namespace ctp::data
