/// @file   task_file.hpp
/// @brief  File name of the weights after a task.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

namespace pretrain {

/// File name of the weights after task `task` of `tasks`: task_00.safetensors. All numbers have as many digits as the
/// last one, at least two, so that names sort by task.
inline std::string task_file(std::size_t task, std::size_t tasks) {
  const std::size_t digits = std::max<std::size_t>(2, std::to_string(tasks - 1).size());
  const std::string number = std::to_string(task);
  return "task_" + std::string(digits - number.size(), '0') + number + ".safetensors";
}

}  // namespace pretrain
