/// @file   ctp/optim/parameter_group.hpp
/// @brief  Group of parameters that is trained with numbers of its own.
/// @layer  optim
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ctp::optim {

/// @brief Parameters whose names match a pattern, and what is said about them. What is not set stays as it is.
///
/// **Units.** rate, decay: factors of the learning rate and of the weight decay, from 0.
struct ParameterGroup {
  std::string pattern;              ///< a name; `*` stands for any text, also an empty one
  std::optional<bool> freeze = {};  ///< true: nothing moves these parameters
  std::optional<double> rate = {}, decay = {};
};

/// Whether `name` matches `pattern`, in which each `*` stands for any text, also an empty one.
inline bool matches(std::string_view pattern, std::string_view name) {
  std::size_t p = 0, n = 0, star = std::string_view::npos, mark = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {  // the last star takes one character more
      p = star + 1;
      n = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace ctp::optim
