/// @file   init_files.hpp
/// @brief  The files that --init names.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <ctp/io/files.hpp>

#include "name_list.hpp"

namespace pretrain {

/// The paths that --init names, separated by commas. A path that exists as a whole is one file.
inline std::vector<std::string> files_of_init(const std::string& init) {
  if (init.empty() || ctp::io::exists(init)) return {init};
  std::vector<std::string> files = split(init);
  if (files.size() < 2) return {init};
  return files;
}

/// The value of --init with paths that begin at `folder` where they are relative.
inline std::string init_from(const std::string& folder, const std::string& init) {
  const auto from = [&](const std::string& path) { return (std::filesystem::path(folder) / path).string(); };
  if (ctp::io::exists(from(init))) return from(init);
  std::vector<std::string> files = files_of_init(init);
  if (files.size() == 1) return from(init);
  for (std::string& file : files) file = from(file);
  return join_names(files);
}

}  // namespace pretrain
