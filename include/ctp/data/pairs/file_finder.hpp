/// @file   ctp/data/pairs/file_finder.hpp
/// @brief  Search for a file whose name may be spelt in another Unicode normal form.
/// @layer  data
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <ctp/core/quoted.hpp>
#include <ctp/data/text/unicode.hpp>
#include <ctp/data/text/utf8.hpp>
#include <ctp/io/files.hpp>
#include <ctp/io/suggest.hpp>

namespace ctp::data {

/// True for files that systems put beside pictures: macOS's "._x" and ".DS_Store", Windows' "Thumbs.db", "desktop.ini".
inline bool is_system_file(std::string_view name) {
  constexpr std::array<std::string_view, 5> known = {".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"};
  std::string low(name);
  for (char& c : low) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return low.starts_with("._") || std::find(known.begin(), known.end(), low) != known.end();
}

/// `name` in normal form C; a name that is not UTF-8 stays as it is.
inline std::string normal_name(std::string_view name) {
  if (!is_utf8(name)) return std::string(name);
  return encode_utf8(compose(decode_utf8(name)));
}

/// True if `name` has another spelling in normal form C or D.
inline bool has_normal_forms(std::string_view name) {
  if (std::all_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; })) return false;
  if (!is_utf8(name)) return false;
  const std::u32string text = decode_utf8(name);
  return compose(text) != text || decompose(text) != text;
}

/// @brief Finds files below a folder by the names that a table gives.
///
/// macOS stores and exports names decomposed (normal form D), tables mostly have them composed (form C): the same name
/// in other bytes. Each folder is listed at most once, and only if a name is missing in its own spelling.
class FileFinder {
 public:
  explicit FileFinder(std::string folder) : folder_(std::move(folder)) {}

  /// @brief Path of `file`, which is relative to the folder unless it begins with a slash; nullopt if there is none.
  ///
  /// A name without an exact match is compared in normal form C; it is found if exactly one file matches.
  /// **Errors.** ResourceError if the system refuses.
  std::optional<std::string> find(const std::string& file) {
    std::string exact = file.starts_with('/') ? file : io::join(folder_, file);
    if (io::exists(exact)) return exact;
    std::string path = file.starts_with('/') ? "/" : folder_;
    for (std::size_t at = 0; at < file.size();) {
      const std::size_t end = std::min(file.find('/', at), file.size());
      const std::string part = file.substr(at, end - at);
      at = end + 1;
      if (part.empty()) continue;
      if (std::string next = io::join(path, part); io::exists(next)) {
        path = std::move(next);
        continue;
      }
      const auto& same = listing(path).by_normal_form;
      const auto [first, last] = same.equal_range(normal_name(part));
      if (first == last || std::next(first) != last) return std::nullopt;
      path = io::join(path, first->second);
    }
    if (!io::exists(path)) return std::nullopt;
    ++normalised_;
    return path;
  }

  /// Files that find() found by their normal form only.
  [[nodiscard]] std::size_t normalised() const { return normalised_; }

  /// @brief Remedy for the message about a missing `file`: a file that differs in letters' case or in its suffix, or a
  /// near name.
  ///
  /// Near names are looked for in the first `most_near_searches` calls that come so far: each such search compares all
  /// names of the folder. **Errors.** ResourceError.
  std::string hint(const std::string& file) {
    if (file.find("://") != std::string::npos) return "pictures are files; download them first";
    const std::string path = file.starts_with('/') ? file : io::join(folder_, file);
    const std::string name = path.substr(path.rfind('/') + 1);
    Listing& all = listing(io::directory_of(path));
    const auto did_you_mean = [](const std::string& other) { return "did you mean " + ctp::quoted(other) + "?"; };
    if (!all.names.empty() && all.by_folded.empty()) fold(all);
    const std::string wanted = folded(name);
    if (const auto other = all.by_folded.find(wanted); other != all.by_folded.end())
      return did_you_mean(all.names[other->second]);
    if (const auto other = all.by_stem.find(stem_of(wanted)); other != all.by_stem.end())
      return did_you_mean(all.names[other->second]);
    if (near_searches_ < most_near_searches) {
      ++near_searches_;
      if (const std::string near = io::nearest_name(name, all.names); !near.empty()) return did_you_mean(near);
    }
    return "files are relative to the folder of pictures";
  }

  static constexpr int most_near_searches = 20;

 private:
  struct Listing {
    std::vector<std::string> names;
    std::unordered_multimap<std::string, std::string> by_normal_form;
    std::unordered_map<std::string, std::size_t> by_folded, by_stem;  // index of the first such name; see fold()
  };

  Listing& listing(const std::string& folder) {
    const auto [place, fresh] = listings_.try_emplace(folder);
    if (fresh && io::is_directory(folder)) {
      place->second.names = io::list_directory(folder);
      for (const std::string& name : place->second.names) place->second.by_normal_form.emplace(normal_name(name), name);
    }
    return place->second;
  }
  static std::string folded(std::string_view name) {
    if (!is_utf8(name)) return std::string(name);
    return encode_utf8(compose(lower(decode_utf8(name))));
  }

  static std::string stem_of(const std::string& name) { return name.substr(0, name.rfind('.')); }
  static void fold(Listing& all) {
    for (std::size_t i = 0; i < all.names.size(); ++i) {
      const std::string low = folded(all.names[i]);
      all.by_folded.emplace(low, i);
      if (!low.ends_with(".txt")) all.by_stem.emplace(stem_of(low), i);
    }
  }

  std::string folder_;
  int near_searches_ = 0;
  std::unordered_map<std::string, Listing> listings_;
  std::size_t normalised_ = 0;
};

}  // namespace ctp::data
