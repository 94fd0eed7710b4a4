/// @file   ctp/data/sample.hpp
/// @brief  One image-text pair as a data set lists it.
/// @layer  data
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ctp::data {

/// Record of one pair in an annotation file. `ordinal`: index of the record in its list, from 0 in file order.
struct Sample {
  std::string id;     ///< key of the record; also the stem of the image's file name
  std::string title;  ///< caption as written, not cleaned
  std::string
      category;  ///< relevance label of the mean average precision; may be empty in lists that have no such metric
  std::string industry;  ///< name of the pair's task
  std::string image;     ///< path of the image file
  std::uint32_t ordinal = 0;
};

/// True if `id` can be the stem of a file name: 1 to 200 bytes without path separators, control characters and "..".
inline bool can_name_file(std::string_view id) {
  if (id.empty() || id.size() > 200 || id == "." || id.find("..") != std::string_view::npos) return false;
  for (const char c : id)
    if (c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return false;
  return true;
}

}  // namespace ctp::data
