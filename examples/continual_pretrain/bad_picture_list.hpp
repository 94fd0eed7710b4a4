/// @file   bad_picture_list.hpp
/// @brief  Reader of bad_images.jsonl of an earlier run.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include <ctp/io/files.hpp>
#include <ctp/io/json/document.hpp>

#include "bad_pictures.hpp"

namespace pretrain {

/// The entries of a list of bad pictures. **Errors.** DataError naming file, line and key.
inline std::vector<BadPicture> read_bad_pictures(const std::string& path) {
  std::vector<BadPicture> list;
  std::istringstream lines(ctp::io::read_text(path));
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const auto document = ctp::io::parse_json_document(line, path + " (entry in line " + std::to_string(number) + ")");
    const auto text = [root = document.root()](const char* key) { return root.at(key).string(); };
    list.push_back({text("task"), text("pair"), text("file"), text("reason")});
  }
  return list;
}

}  // namespace pretrain
