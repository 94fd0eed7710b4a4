/// @file   task_names.hpp
/// @brief  Names of tasks on the terminal, and the warning about tasks of few test pairs.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include <ctp/core/quoted.hpp>

namespace examples {

/// Fewer pairs than this are said: with n of them R@k is 100 for k >= n, whatever the model does.
inline constexpr std::size_t few_pairs = 20;

/// A name from a file for the terminal: escaped as in a message, without the quotes.
inline std::string shown(const std::string& name) {
  const std::string text = ctp::quoted(name, 60);
  return text.substr(1, text.rfind('"') - 1);
}

/// The first names in quotes, and how many there are if these are not all.
inline std::string listed(const std::vector<std::string>& names, std::size_t most = 5) {
  std::string text;
  for (std::size_t i = 0; i < std::min(most, names.size()); ++i)
    text += (i == 0 ? "" : ", ") + ctp::quoted(names[i], 40);
  return names.size() > most ? text + ", ... (" + std::to_string(names.size()) + ")" : text;
}

/// The warning about these tasks, without a line end.
inline std::string warning_of_few_pairs(const std::vector<std::string>& tasks) {
  return "warning: tasks with fewer than " + std::to_string(few_pairs) + " test pairs: " + listed(tasks) +
         "; over n <= k pairs R@k is 100 whatever the model does: compare with the chance level";
}

}  // namespace examples
