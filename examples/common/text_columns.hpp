/// @file   text_columns.hpp
/// @brief  Width of text in the tables of these programs.
#pragma once

#include <cstddef>
#include <string_view>

namespace examples {

/// Width of UTF-8 text on a terminal, in columns: Chinese characters and full-width signs count two.
inline std::size_t columns(std::string_view text) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c & 0xC0U) != 0x80U) n += c >= 0xE2U ? 2 : 1;
  }
  return n;
}

}  // namespace examples
