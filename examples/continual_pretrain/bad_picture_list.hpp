/// @file   bad_picture_list.hpp
/// @brief  Reader of bad_images.jsonl of an earlier run.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/data/pairs/p9d.hpp>
#include <ctp/data/pairs/split.hpp>
#include <ctp/data/sample.hpp>
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
    const ctp::io::JsonView root = document.root();
    const auto text = [&](const char* key) { return root.at(key).string(); };
    BadPicture& entry = list.emplace_back(BadPicture{text("task"), text("pair"), text("file"), text("reason")});
    if (const auto split = root.find("split")) entry.split = split->string();
  }
  return list;
}

/// @brief Leaves the pictures of an earlier run's list out. Split, task and pair identify a picture. Entries of test,
/// query and gallery leave these lists of `stream`.
///
/// Returns the number of entries that are not in the lists: a run may train on fewer tasks.
/// **Errors.** DataError as read_bad_pictures(), and if no entry is in the lists.
inline std::size_t quarantine(const std::string& path, ctp::data::P9d& stream, BadPictures& bad_pictures) {
  using ctp::data::Split;
  const std::vector<BadPicture> listed = read_bad_pictures(path);
  struct Entry {
    const BadPicture* picture;
    bool found = false;
  };
  std::map<std::array<std::string, 3>, Entry> entries;  // by split, task and pair
  for (const BadPicture& picture : listed)
    entries.emplace(std::array{picture.split, picture.task, picture.pair}, Entry{&picture});
  const auto find = [&](Split split, const std::vector<ctp::data::Sample>& samples) {
    std::vector<std::uint32_t> ordinals;
    const std::string name(ctp::data::split_name(split));
    for (const ctp::data::Sample& sample : samples) {
      if (entries.empty()) break;
      const auto entry = entries.find({name, sample.industry, sample.id});
      if (entry == entries.end()) continue;
      entry->second.found = true;
      ordinals.push_back(sample.ordinal);
      bad_pictures.leave_out(split == Split::Train ? std::optional(sample.ordinal) : std::nullopt,
                             {sample.industry, sample.id, sample.image, entry->second.picture->reason, name});
    }
    return ordinals;
  };
  (void)find(Split::Train, stream.train());
  stream.leave_out(Split::Test, find(Split::Test, stream.test()));
  stream.leave_out(Split::Query, find(Split::Query, stream.query()));
  stream.leave_out(Split::Gallery, find(Split::Gallery, stream.gallery()));
  std::size_t unknown = 0;
  for (const auto& [key, entry] : entries) unknown += entry.found ? 0 : 1;
  if (unknown > 0 && unknown == entries.size())
    throw ctp::DataError(ctp::Complaint{path, "task and pair", "pictures of this data set",
                                        "none among " + std::to_string(unknown) + " entries",
                                        "give the list of a run on this data set"}
                             .text());
  return unknown;
}

}  // namespace pretrain
