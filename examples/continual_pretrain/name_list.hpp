/// @file   name_list.hpp
/// @brief  Lists of names as one text: separated by commas; a backslash before a comma makes it part of a name.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pretrain {

/// The names of a list, without empty names: "a,b\,c" has the names "a" and "b,c". A backslash before any other
/// character than a comma or a backslash is part of the name.
inline std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> names(1);
  for (std::size_t i = 0; i < list.size(); ++i) {
    const bool escapes = list[i] == '\\' && i + 1 < list.size() && (list[i + 1] == ',' || list[i + 1] == '\\');
    if (list[i] == ',') {
      if (!names.back().empty()) names.emplace_back();
    } else {
      i += escapes ? 1 : 0;
      names.back() += list[i];
    }
  }
  if (names.back().empty()) names.pop_back();
  return names;
}

/// The text of which split() makes `names`.
inline std::string join_names(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    if (!list.empty()) list += ',';
    for (const char c : name) (c == ',' || c == '\\' ? list += '\\' : list) += c;
  }
  return list;
}

}  // namespace pretrain
